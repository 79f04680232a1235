-- What members uploaded. The bytes are elsewhere, under a name that nobody can guess.
CREATE TABLE documents (
    id           BINARY(16)   NOT NULL PRIMARY KEY,
    user_id      BINARY(16)   NOT NULL,
    kind         VARCHAR(32)  NOT NULL,
    content_type VARCHAR(32)  NOT NULL,
    size_bytes   BIGINT       NOT NULL,
    sha256       BINARY(32)   NOT NULL,
    blob_name    VARCHAR(64)  NOT NULL,
    status       VARCHAR(16)  NOT NULL,
    reason       VARCHAR(500) NOT NULL,
    uploaded_at  DATETIME(6)  NOT NULL,
    reviewed_by  BINARY(16)   NULL,
    reviewed_at  DATETIME(6)  NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX documents_of_member ON documents (user_id, id);
CREATE INDEX documents_of_status ON documents (status, id);
