-- What becomes of each SMS, by the id that its provider gave it. A receipt may arrive before the answer that names the
-- id, so what was sent may be unknown.
CREATE TABLE sms_deliveries (
    provider    VARCHAR(16) NOT NULL,
    message_id  VARCHAR(64) NOT NULL,
    state       VARCHAR(16) NOT NULL,
    error_code  VARCHAR(16) NULL,
    recipient   VARCHAR(16) NULL,
    has_code    BOOLEAN     NULL,
    sent_at     DATETIME(6) NULL,
    reported_at DATETIME(6) NULL,
    recorded_at    DATETIME(6) NOT NULL,
    PRIMARY KEY (provider, message_id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX sms_deliveries_by_time ON sms_deliveries (sent_at, message_id);
CREATE INDEX sms_deliveries_by_recipient ON sms_deliveries (recipient, sent_at, message_id);
CREATE INDEX sms_deliveries_by_state ON sms_deliveries (state, sent_at, message_id);
CREATE INDEX sms_deliveries_age ON sms_deliveries (recorded_at);
