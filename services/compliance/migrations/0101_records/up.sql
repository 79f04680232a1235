-- What was deducted at source, one row a completed payout, and one more when the bank returns it.
CREATE TABLE tds_records (
    id                BINARY(16)   NOT NULL PRIMARY KEY,
    payout_id         BINARY(16)   NOT NULL,
    reversal          BOOLEAN      NOT NULL,
    user_id           BINARY(16)   NOT NULL,
    financial_year    VARCHAR(7)   NOT NULL,
    quarter           VARCHAR(2)   NOT NULL,
    rule_id           VARCHAR(64)  NOT NULL,
    section           VARCHAR(32)  NOT NULL,
    rate              VARCHAR(16)  NOT NULL,
    gross_paise       BIGINT       NOT NULL,
    paid_before_paise BIGINT       NOT NULL,
    tds_paise         BIGINT       NOT NULL,
    pan_sealed        MEDIUMBLOB   NOT NULL,
    pan_index         BINARY(32)   NOT NULL,
    pan_mask          VARCHAR(16)  NOT NULL,
    holder_name       VARCHAR(120) NOT NULL,
    deducted_at       DATETIME(6)  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE UNIQUE INDEX tds_records_payout ON tds_records (payout_id, reversal);
CREATE INDEX tds_records_of_member ON tds_records (user_id, financial_year, id);
CREATE INDEX tds_records_of_year ON tds_records (financial_year, quarter, pan_index);

CREATE TABLE audit_log (
    id              BINARY(16)    NOT NULL PRIMARY KEY,
    actor_id        BINARY(16)    NOT NULL,
    role            VARCHAR(16)   NOT NULL,
    service         VARCHAR(32)   NOT NULL,
    action          VARCHAR(64)   NOT NULL,
    subject_type    VARCHAR(32)   NOT NULL,
    subject_id      VARCHAR(64)   NOT NULL,
    subject_user_id BINARY(16)    NULL,
    detail          VARCHAR(1000) NOT NULL,
    request_id      VARCHAR(128)  NOT NULL,
    address         VARCHAR(64)   NOT NULL,
    acted_at        DATETIME(6)   NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX audit_log_of_actor ON audit_log (actor_id, id);
CREATE INDEX audit_log_of_subject ON audit_log (subject_id, id);
CREATE INDEX audit_log_of_user ON audit_log (subject_user_id, id);

DROP TRIGGER IF EXISTS tds_records_refuse_update;
CREATE TRIGGER tds_records_refuse_update BEFORE UPDATE ON tds_records FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'tds_records is append-only'; DO " */
    SELECT RAISE(ABORT, 'tds_records is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS tds_records_refuse_delete;
CREATE TRIGGER tds_records_refuse_delete BEFORE DELETE ON tds_records FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'tds_records is append-only'; DO " */
    SELECT RAISE(ABORT, 'tds_records is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS audit_log_refuse_update;
CREATE TRIGGER audit_log_refuse_update BEFORE UPDATE ON audit_log FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_log is append-only'; DO " */
    SELECT RAISE(ABORT, 'audit_log is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS audit_log_refuse_delete;
CREATE TRIGGER audit_log_refuse_delete BEFORE DELETE ON audit_log FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_log is append-only'; DO " */
    SELECT RAISE(ABORT, 'audit_log is append-only');
    /*! "; */
END;
