-- Versions of terms, which never change; their acceptance, which is kept without limit; applications to become a distributor.
CREATE TABLE terms_versions (
    kind         VARCHAR(16)  NOT NULL,
    version      BIGINT       NOT NULL,
    hash         BINARY(32)   NOT NULL,
    title        VARCHAR(120) NOT NULL,
    text         MEDIUMTEXT   NOT NULL,
    title_hi     VARCHAR(120) NULL,
    text_hi      MEDIUMTEXT   NULL,
    published_at DATETIME(6)  NOT NULL,
    published_by BINARY(16)   NOT NULL,
    PRIMARY KEY (kind, version),
    CONSTRAINT terms_versions_hash UNIQUE (kind, hash)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE terms_acceptances (
    id          BINARY(16)  NOT NULL PRIMARY KEY,
    user_id     BINARY(16)  NOT NULL,
    kind        VARCHAR(16) NOT NULL,
    version     BIGINT      NOT NULL,
    hash        BINARY(32)  NOT NULL,
    accepted_at DATETIME(6) NOT NULL,
    proved_at   DATETIME(6) NOT NULL,
    address     VARCHAR(64) NOT NULL,
    CONSTRAINT terms_acceptances_user FOREIGN KEY (user_id) REFERENCES users (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX terms_acceptances_by_user ON terms_acceptances (user_id, id);

-- The guard column is the member while the application is pending, else NULL: a member has one pending application.
CREATE TABLE distributor_applications (
    id              BINARY(16)   NOT NULL PRIMARY KEY,
    user_id         BINARY(16)   NOT NULL,
    status          VARCHAR(8)   NOT NULL,
    pending_user_id BINARY(16)   NULL,
    acceptance_id   BINARY(16)   NOT NULL,
    reason          VARCHAR(500) NULL,
    submitted_at    DATETIME(6)  NOT NULL,
    decided_at      DATETIME(6)  NULL,
    decided_by      BINARY(16)   NULL,
    CONSTRAINT distributor_applications_pending UNIQUE (pending_user_id),
    CONSTRAINT distributor_applications_user FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT distributor_applications_acceptance FOREIGN KEY (acceptance_id) REFERENCES terms_acceptances (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX distributor_applications_by_acceptance ON distributor_applications (acceptance_id);
CREATE INDEX distributor_applications_by_user ON distributor_applications (user_id, id);
CREATE INDEX distributor_applications_by_status ON distributor_applications (status, id);

DROP TRIGGER IF EXISTS terms_versions_refuse_update;
CREATE TRIGGER terms_versions_refuse_update BEFORE UPDATE ON terms_versions FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'terms_versions is append-only'; DO " */
    SELECT RAISE(ABORT, 'terms_versions is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS terms_versions_refuse_delete;
CREATE TRIGGER terms_versions_refuse_delete BEFORE DELETE ON terms_versions FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'terms_versions is append-only'; DO " */
    SELECT RAISE(ABORT, 'terms_versions is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS terms_versions_refuse_replace;
/*! DO " */
CREATE TRIGGER terms_versions_refuse_replace BEFORE INSERT ON terms_versions
WHEN EXISTS (SELECT 1 FROM terms_versions WHERE kind = NEW.kind AND version = NEW.version)
    OR EXISTS (SELECT 1 FROM terms_versions WHERE kind = NEW.kind AND hash = NEW.hash)
BEGIN
    SELECT RAISE(ABORT, 'terms_versions has such a row already');
END
/*! " */;

DROP TRIGGER IF EXISTS terms_acceptances_refuse_update;
CREATE TRIGGER terms_acceptances_refuse_update BEFORE UPDATE ON terms_acceptances FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'terms_acceptances is append-only'; DO " */
    SELECT RAISE(ABORT, 'terms_acceptances is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS terms_acceptances_refuse_delete;
CREATE TRIGGER terms_acceptances_refuse_delete BEFORE DELETE ON terms_acceptances FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'terms_acceptances is append-only'; DO " */
    SELECT RAISE(ABORT, 'terms_acceptances is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS terms_acceptances_refuse_replace;
/*! DO " */
CREATE TRIGGER terms_acceptances_refuse_replace BEFORE INSERT ON terms_acceptances
WHEN EXISTS (SELECT 1 FROM terms_acceptances WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'terms_acceptances has such a row already');
END
/*! " */;
