-- The language in which a member reads documents, as auth last published it. A member without a row reads English.
CREATE TABLE document_languages (
    user_id  BINARY(16) NOT NULL PRIMARY KEY,
    version  BIGINT     NOT NULL,
    language VARCHAR(2) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
-- Members and staff as auth last published them, and whose documents are erased.
CREATE TABLE members (
    user_id   BINARY(16)  NOT NULL PRIMARY KEY,
    version   BIGINT      NOT NULL,
    role      VARCHAR(16) NOT NULL,
    is_active BOOLEAN     NOT NULL,
    erased_at DATETIME(6) NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
-- Blobs of deleted documents that the blob store still has.
CREATE TABLE blob_deletions (
    blob_name VARCHAR(64) NOT NULL PRIMARY KEY,
    asked_at  DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX blob_deletions_by_time ON blob_deletions (asked_at);
