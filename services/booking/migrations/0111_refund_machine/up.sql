-- A refund at the source is made when its gateway says so. How often the gateway was asked, and when it is asked again,
-- are in the row; so is what staff propose for one whose outcome is unknown.
ALTER TABLE refunds ADD COLUMN refused BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE refunds ADD COLUMN confirmed_paise BIGINT NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN credited_paise BIGINT NOT NULL DEFAULT 0;
ALTER TABLE refunds ADD COLUMN unknown_since DATETIME(6) NULL;
ALTER TABLE refunds ADD COLUMN next_attempt_at DATETIME(6) NOT NULL DEFAULT '2026-01-01 00:00:00.000000';
ALTER TABLE refunds ADD COLUMN requested_by VARCHAR(16) NOT NULL DEFAULT 'person';
ALTER TABLE refunds ADD COLUMN proposed_resolution VARCHAR(16) NULL;
ALTER TABLE refunds ADD COLUMN proposed_reference VARCHAR(64) NULL;
ALTER TABLE refunds ADD COLUMN proposed_reason VARCHAR(500) NULL;
ALTER TABLE refunds ADD COLUMN proposed_by BINARY(16) NULL;
ALTER TABLE refunds ADD COLUMN proposed_at DATETIME(6) NULL;
CREATE INDEX refunds_due ON refunds (status, next_attempt_at);

UPDATE refunds SET credited_paise = amount_paise WHERE refund_to = 'wallet' OR status = 'failed';
-- Until now a refund was done when its gateway had accepted it: those are asked for again.
UPDATE refunds SET status = 'sent', settled_at = NULL WHERE status = 'done' AND gateway_refund_id IS NOT NULL;

-- Every refund that a gateway reported of a payment, whoever made it.
CREATE TABLE gateway_refunds (
    gateway            VARCHAR(16) NOT NULL,
    gateway_refund_id  VARCHAR(64) NOT NULL,
    id                 BINARY(16)  NOT NULL,
    gateway_payment_id VARCHAR(64) NOT NULL,
    payment_id         BINARY(16)  NULL,
    amount_paise       BIGINT      NOT NULL,
    currency           VARCHAR(8)  NOT NULL,
    receipt            VARCHAR(64) NOT NULL,
    state              VARCHAR(16) NOT NULL,
    outcome            VARCHAR(16) NOT NULL,
    clawback_paise     BIGINT      NOT NULL,
    reported_at        DATETIME(6) NOT NULL,
    attempts           BIGINT      NOT NULL,
    next_attempt_at    DATETIME(6) NULL,
    PRIMARY KEY (gateway, gateway_refund_id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE UNIQUE INDEX gateway_refunds_id ON gateway_refunds (id);
CREATE INDEX gateway_refunds_by_payment ON gateway_refunds (gateway, gateway_payment_id);
CREATE INDEX gateway_refunds_by_outcome ON gateway_refunds (outcome, id);
CREATE INDEX gateway_refunds_due ON gateway_refunds (gateway, next_attempt_at);

-- What had gone back at the gateway before the capture was recorded here; the wallet got the rest.
ALTER TABLE captures ADD COLUMN refunded_paise BIGINT NOT NULL DEFAULT 0;
