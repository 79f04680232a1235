-- How the payouts of a batch reach the bank: `manual`, by a file, or an API. An older version that still runs does not name
-- it: its batches go by a file.
ALTER TABLE batches ADD COLUMN channel VARCHAR(16) NOT NULL DEFAULT 'manual';

-- Transfers by a bank's API, one a payout at most. A row is there before the API is asked, and holds the body of the request,
-- because a repetition has to have the same one. Its key at the API is the id of the payout.
CREATE TABLE transfers (
    payout_id       BINARY(16)   NOT NULL PRIMARY KEY,
    channel         VARCHAR(16)  NOT NULL,
    state           VARCHAR(16)  NOT NULL,
    bank_id         VARCHAR(64),
    bank_status     VARCHAR(32)  NOT NULL,
    low_balance     BOOLEAN      NOT NULL,
    reason          VARCHAR(512) NOT NULL,
    conflicting     BOOLEAN      NOT NULL,
    conflict        VARCHAR(512) NOT NULL,
    request         MEDIUMTEXT,
    attempts        BIGINT       NOT NULL,
    next_attempt_at DATETIME(6),
    created_at      DATETIME(6)  NOT NULL,
    sent_at         DATETIME(6),
    changed_at      DATETIME(6)  NOT NULL,
    CONSTRAINT transfers_bank_id UNIQUE (bank_id),
    CONSTRAINT transfers_payout FOREIGN KEY (payout_id) REFERENCES payouts (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX transfers_due ON transfers (next_attempt_at, payout_id);
CREATE INDEX transfers_by_state ON transfers (state, payout_id);
CREATE INDEX transfers_by_low_balance ON transfers (low_balance, payout_id);
CREATE INDEX transfers_by_conflict ON transfers (conflicting, payout_id);

-- Payees that a bank's API knows, by a keyed hash of the company's account and the details of the payee.
CREATE TABLE payees (
    details_index VARBINARY(64) NOT NULL PRIMARY KEY,
    bank_id       VARCHAR(64)   NOT NULL,
    created_at    DATETIME(6)   NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
