-- Entries and postings are numbered by the database only so that rows lie in the order they came; what an entry
-- *is* stands in `id`, which is derived from its cause.

CREATE TABLE journal_entries (
    position     /*! BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT ' */ INTEGER PRIMARY KEY AUTOINCREMENT /*! ' */,
    id           BINARY(16)  NOT NULL,
    kind         VARCHAR(24) NOT NULL,
    cause_id     BINARY(16)  NOT NULL,
    member_id    BINARY(16)  NOT NULL,
    amount_paise BIGINT      NOT NULL,
    plan_version BIGINT      NULL,
    reverses     BINARY(16)  NULL,
    event_id     BINARY(16)  NULL,
    actor_id     BINARY(16)  NULL,
    inputs       TEXT        NOT NULL,
    at           DATETIME(6) NOT NULL,
    posted_at    DATETIME(6) NOT NULL,
    CONSTRAINT journal_entries_id UNIQUE (id),
    CONSTRAINT journal_entries_reversed_once UNIQUE (reverses)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE postings (
    position             /*! BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT ' */ INTEGER PRIMARY KEY AUTOINCREMENT /*! ' */,
    entry_id             BINARY(16)   NOT NULL,
    line                 INTEGER      NOT NULL,
    owner_id             BINARY(16)   NOT NULL,
    account              VARCHAR(24)  NOT NULL,
    amount_paise         BIGINT       NOT NULL,
    account_after_paise  BIGINT       NULL,
    transaction_type     VARCHAR(24)  NULL,
    transaction_number   BIGINT       NULL,
    balance_before_paise BIGINT       NULL,
    description          VARCHAR(600) NULL,
    at                   DATETIME(6)  NOT NULL,
    posted_at            DATETIME(6)  NOT NULL,
    CONSTRAINT postings_line UNIQUE (entry_id, line),
    CONSTRAINT postings_transaction UNIQUE (owner_id, transaction_number)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX postings_as_of ON postings (owner_id, account, posted_at);

CREATE TABLE wallets (
    user_id               BINARY(16)  NOT NULL PRIMARY KEY,
    available_paise       BIGINT      NOT NULL,
    held_paise            BIGINT      NOT NULL,
    emi_reserve_paise     BIGINT      NOT NULL,
    reserve_paise         BIGINT      NOT NULL,
    clawback_due_paise    BIGINT      NOT NULL,
    total_earned_paise    BIGINT      NOT NULL,
    total_withdrawn_paise BIGINT      NOT NULL,
    transactions          BIGINT      NOT NULL,
    version               BIGINT      NOT NULL,
    changed_at            DATETIME(6) NOT NULL,
    CONSTRAINT wallets_available CHECK (available_paise >= 0),
    CONSTRAINT wallets_held CHECK (held_paise >= 0),
    CONSTRAINT wallets_emi_reserve CHECK (emi_reserve_paise >= 0),
    CONSTRAINT wallets_reserve CHECK (reserve_paise >= 0),
    CONSTRAINT wallets_clawback_due CHECK (clawback_due_paise >= 0)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE holds (
    payout_id    BINARY(16)  NOT NULL PRIMARY KEY,
    user_id      BINARY(16)  NOT NULL,
    amount_paise BIGINT      NOT NULL,
    state        VARCHAR(16) NOT NULL,
    changed_at   DATETIME(6) NOT NULL,
    CONSTRAINT holds_amount CHECK (amount_paise > 0)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX holds_by_user ON holds (user_id);

CREATE TABLE emi_reserves (
    reserve_id     BINARY(16)  NOT NULL PRIMARY KEY,
    user_id        BINARY(16)  NOT NULL,
    amount_paise   BIGINT      NOT NULL,
    applied_paise  BIGINT      NOT NULL,
    released_paise BIGINT      NOT NULL,
    source_kind    VARCHAR(16) NOT NULL,
    source_id      BINARY(16)  NOT NULL,
    reserved_at    DATETIME(6) NOT NULL,
    CONSTRAINT emi_reserves_parts CHECK (applied_paise >= 0 AND released_paise >= 0 AND applied_paise + released_paise <= amount_paise)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX emi_reserves_by_user ON emi_reserves (user_id);

-- Causes that were decided and moved nothing: each with its reason, shown to the member, and never decided again.
CREATE TABLE forfeits (
    position     /*! BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT ' */ INTEGER PRIMARY KEY AUTOINCREMENT /*! ' */,
    id           BINARY(16)   NOT NULL,
    user_id      BINARY(16)   NOT NULL,
    kind         VARCHAR(24)  NOT NULL,
    cause_id     BINARY(16)   NOT NULL,
    amount_paise BIGINT       NOT NULL,
    reason       VARCHAR(32)  NOT NULL,
    inputs       TEXT         NOT NULL,
    at           DATETIME(6)  NOT NULL,
    posted_at    DATETIME(6)  NOT NULL,
    CONSTRAINT forfeits_id UNIQUE (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX forfeits_by_user ON forfeits (user_id, position);

-- Which payment holds the one bonus a referred member may earn their referrer, where the plan says once.
CREATE TABLE single_bonuses (
    referred_id BINARY(16) NOT NULL PRIMARY KEY,
    payment_id  BINARY(16) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE plan_versions (
    version        BIGINT      NOT NULL PRIMARY KEY,
    effective_from DATETIME(6) NOT NULL,
    plan           TEXT        NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- Who exists, so that nothing is given to nobody.
CREATE TABLE members (
    user_id BINARY(16)   NOT NULL PRIMARY KEY,
    name    VARCHAR(255) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
