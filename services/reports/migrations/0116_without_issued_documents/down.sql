-- Issued documents: what each of them states, as it was printed.
CREATE TABLE issued_documents (
    id           BINARY(16)   NOT NULL PRIMARY KEY,
    code         VARCHAR(32)  NOT NULL,
    kind         VARCHAR(32)  NOT NULL,
    subject      VARCHAR(100) NOT NULL,
    state        VARCHAR(64)  NOT NULL,
    revision     BIGINT       NOT NULL,
    number       VARCHAR(100) NOT NULL,
    owner_id     BINARY(16),
    issued_on    VARCHAR(10)  NOT NULL,
    amount_paise BIGINT       NOT NULL,
    initials     VARCHAR(64)  NOT NULL,
    snapshot     MEDIUMTEXT   NOT NULL,
    issued_at    DATETIME(6)  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE UNIQUE INDEX issued_documents_code ON issued_documents (code);
CREATE UNIQUE INDEX issued_documents_state ON issued_documents (kind, subject, state);

DROP TRIGGER IF EXISTS issued_documents_refuse_update;
CREATE TRIGGER issued_documents_refuse_update BEFORE UPDATE ON issued_documents FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'issued_documents is append-only'; DO " */
    SELECT RAISE(ABORT, 'issued_documents is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS issued_documents_refuse_delete;
CREATE TRIGGER issued_documents_refuse_delete BEFORE DELETE ON issued_documents FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'issued_documents is append-only'; DO " */
    SELECT RAISE(ABORT, 'issued_documents is append-only');
    /*! "; */
END;
-- In SQLite, a replacement deletes without its trigger.
DROP TRIGGER IF EXISTS issued_documents_refuse_replace;
/*! DO " */
CREATE TRIGGER issued_documents_refuse_replace BEFORE INSERT ON issued_documents
WHEN EXISTS (SELECT 1 FROM issued_documents WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM issued_documents WHERE code = NEW.code)
    OR EXISTS (SELECT 1 FROM issued_documents WHERE kind = NEW.kind AND subject = NEW.subject AND state = NEW.state)
BEGIN
    SELECT RAISE(ABORT, 'issued_documents has such a row already');
END
/*! " */;
