-- The hash chain: each entry sealed once, in an order that is fixed when it is sealed.
CREATE TABLE seals (
    number    BIGINT      NOT NULL PRIMARY KEY,
    entry_id  BINARY(16)  NOT NULL,
    hash      BINARY(32)  NOT NULL,
    sealed_at DATETIME(6) NOT NULL,
    CONSTRAINT seals_entry UNIQUE (entry_id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- Up to which position of the journal no entry can be without a seal any more.
CREATE TABLE seal_progress (
    name     VARCHAR(16) NOT NULL PRIMARY KEY,
    position BIGINT      NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

DROP TRIGGER IF EXISTS seals_refuse_update;
CREATE TRIGGER seals_refuse_update BEFORE UPDATE ON seals FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'seals is append-only'; DO " */
    SELECT RAISE(ABORT, 'seals is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS seals_refuse_delete;
CREATE TRIGGER seals_refuse_delete BEFORE DELETE ON seals FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'seals is append-only'; DO " */
    SELECT RAISE(ABORT, 'seals is append-only');
    /*! "; */
END;
