-- What an action changed: a JSON list of field, before and after. Entries of an earlier release have none.
ALTER TABLE audit_log ADD COLUMN changes TEXT NULL;

-- Hash chain over the audit log. An entry is in audit_unsealed until the job has sealed it.
CREATE TABLE audit_seals (
    number    BIGINT      NOT NULL PRIMARY KEY,
    entry_id  BINARY(16)  NOT NULL,
    hash      BINARY(32)  NOT NULL,
    sealed_at DATETIME(6) NOT NULL,
    CONSTRAINT audit_seals_of_entry UNIQUE (entry_id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE TABLE audit_unsealed (
    entry_id    BINARY(16)  NOT NULL PRIMARY KEY,
    received_at DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;


-- A trigger, so that entries of an instance of the earlier release are sealed too.
DROP TRIGGER IF EXISTS audit_log_awaits_seal;
CREATE TRIGGER audit_log_awaits_seal AFTER INSERT ON audit_log FOR EACH ROW BEGIN
    INSERT INTO audit_unsealed (entry_id, received_at) VALUES (NEW.id, NEW.acted_at);
END;
INSERT INTO audit_unsealed (entry_id, received_at)
    SELECT e.id, e.acted_at FROM audit_log e WHERE NOT EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.entry_id = e.id);
DROP TRIGGER IF EXISTS audit_seals_refuse_update;
CREATE TRIGGER audit_seals_refuse_update BEFORE UPDATE ON audit_seals FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_seals is append-only'; DO " */
    SELECT RAISE(ABORT, 'audit_seals is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS audit_seals_refuse_delete;
CREATE TRIGGER audit_seals_refuse_delete BEFORE DELETE ON audit_seals FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit_seals is append-only'; DO " */
    SELECT RAISE(ABORT, 'audit_seals is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS audit_seals_refuse_replace;
/*! DO " */
CREATE TRIGGER audit_seals_refuse_replace BEFORE INSERT ON audit_seals
WHEN EXISTS (SELECT 1 FROM audit_seals WHERE number = NEW.number)
    OR EXISTS (SELECT 1 FROM audit_seals WHERE entry_id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'audit_seals has such a row already');
END
/*! " */;
