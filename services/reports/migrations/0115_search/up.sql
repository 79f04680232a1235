-- What staff find people, bookings, payments and payouts by; empty in facts of older versions.
ALTER TABLE members ADD COLUMN name VARCHAR(100) NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN email VARCHAR(254) NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN mobile VARCHAR(16) NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN referral_code VARCHAR(8) NOT NULL DEFAULT '';
ALTER TABLE bookings ADD COLUMN vehicle VARCHAR(170) NOT NULL DEFAULT '';
ALTER TABLE payouts ADD COLUMN utr VARCHAR(64) NOT NULL DEFAULT '';

-- Completed payments with the numbers by which they are found.
CREATE TABLE numbered_receipts (
    payment_id         BINARY(16)  NOT NULL PRIMARY KEY,
    user_id            BINARY(16)  NOT NULL,
    receipt_number     VARCHAR(16) NOT NULL,
    gateway_payment_id VARCHAR(64) NOT NULL,
    reference          VARCHAR(64) NOT NULL,
    amount_paise       BIGINT      NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- What can be found. `change_number` increases with every change, in the order of commits.
CREATE TABLE search_documents (
    kind          VARCHAR(8) NOT NULL,
    id            BINARY(16) NOT NULL,
    change_number BIGINT     NOT NULL,
    PRIMARY KEY (kind, id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX search_documents_by_change ON search_documents (change_number);

-- One row: the last change, and the generation of the documents, which increases when they are built again.
CREATE TABLE search_state (
    id          BIGINT NOT NULL PRIMARY KEY,
    generation  BIGINT NOT NULL,
    last_change BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
