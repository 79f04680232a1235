-- Pairs with the whole decision about each. Only voiding changes a row.
CREATE TABLE IF NOT EXISTS pairs (
    ordinal                 BIGINT      NOT NULL PRIMARY KEY,
    earner_node             BIGINT      NOT NULL,
    number                  BIGINT      NOT NULL,
    left_node               BIGINT      NOT NULL,
    right_node              BIGINT      NOT NULL,
    period                  BIGINT      NOT NULL,
    slot                    BIGINT      NULL,
    month                   VARCHAR(7)  NOT NULL,
    status                  VARCHAR(8)  NOT NULL,
    earner_active_buyer     BOOLEAN     NOT NULL,
    plan_version            BIGINT      NOT NULL,
    gross_paise             BIGINT      NOT NULL,
    emi_deduction_paise     BIGINT      NOT NULL,
    reserve_deduction_paise BIGINT      NOT NULL,
    available_paise         BIGINT      NOT NULL,
    matched_seq             BIGINT      NOT NULL,
    matched_at              DATETIME(6) NOT NULL,
    voided_seq              BIGINT      NULL,
    voided_at               DATETIME(6) NULL,
    CONSTRAINT pairs_number UNIQUE (earner_node, number),
    CONSTRAINT pairs_slot UNIQUE (earner_node, period, slot)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- MySQL has no CREATE INDEX IF NOT EXISTS: a migration that stopped half-way is run from here on by hand.
CREATE INDEX pairs_by_left ON pairs (left_node);
CREATE INDEX pairs_by_right ON pairs (right_node);
CREATE INDEX pairs_by_voiding ON pairs (voided_seq);
