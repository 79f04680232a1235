-- What others tell of a member, and the row that every request of theirs is decided under.
CREATE TABLE members (
    user_id            BINARY(16)    NOT NULL PRIMARY KEY,
    wallet_version     BIGINT        NOT NULL,
    available_paise    BIGINT        NOT NULL,
    held_paise         BIGINT        NOT NULL,
    clawback_due_paise BIGINT        NOT NULL,
    kyc_version        BIGINT        NOT NULL,
    kyc_approved       BOOLEAN       NOT NULL,
    kyc_account_id     BINARY(16),
    pan_sealed         BLOB          NOT NULL,
    pan_index          VARBINARY(64) NOT NULL,
    pan_mask           VARCHAR(64)   NOT NULL,
    pan_holder         VARCHAR(512)  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- `live` is true or null, so that an account can be taken back after it was removed.
CREATE TABLE bank_accounts (
    id             BINARY(16)    NOT NULL PRIMARY KEY,
    user_id        BINARY(16)    NOT NULL,
    source         VARCHAR(16)   NOT NULL,
    account_sealed BLOB          NOT NULL,
    account_index  VARBINARY(64) NOT NULL,
    account_mask   VARCHAR(64)   NOT NULL,
    ifsc           VARCHAR(32)   NOT NULL,
    holder_name    VARCHAR(512)  NOT NULL,
    bank_name      VARCHAR(512)  NOT NULL,
    verified_at    DATETIME(6),
    verified_by    BINARY(16),
    live           BOOLEAN,
    created_at     DATETIME(6)   NOT NULL,
    CONSTRAINT bank_accounts_live UNIQUE (user_id, account_index, live)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- Of each booking, the one instalment that EMI auto-fill may pay.
CREATE TABLE bookings (
    id           BINARY(16)  NOT NULL PRIMARY KEY,
    user_id      BINARY(16)  NOT NULL,
    version      BIGINT      NOT NULL,
    due_on       VARCHAR(10),
    unpaid_paise BIGINT      NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX bookings_by_user ON bookings (user_id);

CREATE TABLE plan_versions (
    version        BIGINT      NOT NULL PRIMARY KEY,
    effective_from DATETIME(6) NOT NULL,
    plan_json      MEDIUMTEXT  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE batches (
    id          BINARY(16)  NOT NULL PRIMARY KEY,
    created_by  BINARY(16)  NOT NULL,
    payouts     BIGINT      NOT NULL,
    total_paise BIGINT      NOT NULL,
    created_at  DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- The account and the PAN are copies: what changes later changes no payout.
CREATE TABLE payouts (
    id               BINARY(16)    NOT NULL PRIMARY KEY,
    user_id          BINARY(16)    NOT NULL,
    version          BIGINT        NOT NULL,
    status           VARCHAR(16)   NOT NULL,
    requested_paise  BIGINT        NOT NULL,
    tds_paise        BIGINT        NOT NULL,
    emi_paise        BIGINT        NOT NULL,
    net_paise        BIGINT        NOT NULL,
    emi_autofill     BOOLEAN       NOT NULL,
    tax_rule_id      VARCHAR(64)   NOT NULL,
    plan_version     BIGINT        NOT NULL,
    approvals_needed INTEGER       NOT NULL,
    bank_account_id  BINARY(16)    NOT NULL,
    account_sealed   BLOB          NOT NULL,
    account_mask     VARCHAR(64)   NOT NULL,
    ifsc             VARCHAR(32)   NOT NULL,
    holder_name      VARCHAR(512)  NOT NULL,
    bank_name        VARCHAR(512)  NOT NULL,
    pan_sealed       BLOB          NOT NULL,
    pan_index        VARBINARY(64) NOT NULL,
    pan_mask         VARCHAR(64)   NOT NULL,
    pan_holder       VARCHAR(512)  NOT NULL,
    batch_id         BINARY(16),
    utr              VARCHAR(64)   NOT NULL,
    reason           VARCHAR(512)  NOT NULL,
    requested_at     DATETIME(6)   NOT NULL,
    changed_at       DATETIME(6)   NOT NULL,
    CONSTRAINT payouts_parts CHECK (net_paise >= 0 AND tds_paise >= 0 AND emi_paise >= 0
        AND requested_paise = tds_paise + emi_paise + net_paise),
    CONSTRAINT payouts_batch FOREIGN KEY (batch_id) REFERENCES batches (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX payouts_by_user ON payouts (user_id, id);
CREATE INDEX payouts_by_status ON payouts (status, id);

CREATE TABLE approvals (
    payout_id   BINARY(16)  NOT NULL,
    approver_id BINARY(16)  NOT NULL,
    approved_at DATETIME(6) NOT NULL,
    PRIMARY KEY (payout_id, approver_id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE tax_rules (
    id              VARCHAR(64) NOT NULL PRIMARY KEY,
    section         VARCHAR(32) NOT NULL,
    rate            VARCHAR(16) NOT NULL,
    threshold_paise BIGINT      NOT NULL,
    cap_paise       BIGINT,
    no_pan_rate     VARCHAR(16) NOT NULL,
    effective_from  VARCHAR(10) NOT NULL UNIQUE,
    effective_to    VARCHAR(10)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- What one PAN was paid in a financial year, and the tax taken: every payout's tax is fixed under its lock.
CREATE TABLE tax_accumulators (
    pan_index      VARBINARY(64) NOT NULL,
    financial_year VARCHAR(7)    NOT NULL,
    gross_paise    BIGINT        NOT NULL,
    tds_paise      BIGINT        NOT NULL,
    PRIMARY KEY (pan_index, financial_year)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- The tax fixed at a payout's approval with everything it follows from; given back when the payout comes to nothing.
CREATE TABLE tax_lines (
    payout_id         BINARY(16)    NOT NULL PRIMARY KEY,
    rule_id           VARCHAR(64)   NOT NULL,
    section           VARCHAR(32)   NOT NULL,
    financial_year    VARCHAR(7)    NOT NULL,
    quarter           VARCHAR(2)    NOT NULL,
    rate              VARCHAR(16)   NOT NULL,
    threshold_paise   BIGINT        NOT NULL,
    cap_paise         BIGINT,
    has_pan           BOOLEAN       NOT NULL,
    gross_paise       BIGINT        NOT NULL,
    paid_before_paise BIGINT        NOT NULL,
    tds_paise         BIGINT        NOT NULL,
    pan_index         VARBINARY(64) NOT NULL,
    deducted_at       DATETIME(6)   NOT NULL,
    returned_at       DATETIME(6)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
