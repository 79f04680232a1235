CREATE TABLE accounts (
    id            BINARY(16)  NOT NULL PRIMARY KEY,
    owner         VARCHAR(64) NOT NULL,
    balance_paise BIGINT      NOT NULL,
    version       BIGINT      NOT NULL,
    open          BOOLEAN     NOT NULL,
    CONSTRAINT accounts_balance CHECK (balance_paise >= 0)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE UNIQUE INDEX accounts_by_owner ON accounts (owner);

CREATE TABLE postings (
    id           BINARY(16)   NOT NULL PRIMARY KEY,
    account_id   BINARY(16)   NOT NULL,
    amount_paise BIGINT       NOT NULL,
    reference    VARCHAR(64)  NOT NULL,
    note         VARCHAR(255) NULL,
    CONSTRAINT postings_account FOREIGN KEY (account_id) REFERENCES accounts (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE UNIQUE INDEX postings_by_reference ON postings (reference);

DROP TRIGGER IF EXISTS postings_refuse_update;
CREATE TRIGGER postings_refuse_update BEFORE UPDATE ON postings FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'postings is append-only'; DO " */
    SELECT RAISE(ABORT, 'postings is append-only');
    /*! "; */
END;

DROP TRIGGER IF EXISTS postings_refuse_delete;
CREATE TRIGGER postings_refuse_delete BEFORE DELETE ON postings FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'postings is append-only'; DO " */
    SELECT RAISE(ABORT, 'postings is append-only');
    /*! "; */
END;

DROP TRIGGER IF EXISTS postings_refuse_replace;
/*! DO " */
CREATE TRIGGER postings_refuse_replace BEFORE INSERT ON postings
WHEN EXISTS (SELECT 1 FROM postings WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM postings WHERE reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'postings has such a row already');
END
/*! " */;
