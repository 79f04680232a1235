CREATE TABLE one_time_codes (
    purpose    VARCHAR(16)  NOT NULL,
    identifier VARCHAR(254) NOT NULL,
    code_hash  BINARY(32)   NOT NULL,
    attempts   BIGINT       NOT NULL,
    sent_at    DATETIME(6)  NOT NULL,
    expires_at DATETIME(6)  NOT NULL,
    used_at    DATETIME(6)  NULL,
    PRIMARY KEY (purpose, identifier)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX one_time_codes_age ON one_time_codes (expires_at);

CREATE TABLE signups (
    token_hash BINARY(32)   NOT NULL PRIMARY KEY,
    email      VARCHAR(254) NOT NULL,
    mobile     VARCHAR(16)  NOT NULL,
    sealed     MEDIUMBLOB   NOT NULL,
    expires_at DATETIME(6)  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX signups_age ON signups (expires_at);

CREATE TABLE messages (
    id         BINARY(16)   NOT NULL PRIMARY KEY,
    sealed     MEDIUMBLOB   NOT NULL,
    attempts   BIGINT       NOT NULL,
    try_at     DATETIME(6)  NOT NULL,
    expires_at DATETIME(6)  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX messages_due ON messages (try_at);

CREATE TABLE sessions (
    id           BINARY(16)   NOT NULL PRIMARY KEY,
    user_id      BINARY(16)   NOT NULL,
    address      VARCHAR(64)  NOT NULL,
    user_agent   VARCHAR(200) NOT NULL,
    created_at   DATETIME(6)  NOT NULL,
    last_used_at DATETIME(6)  NOT NULL,
    expires_at   DATETIME(6)  NOT NULL,
    ended_at     DATETIME(6)  NULL,
    CONSTRAINT sessions_user FOREIGN KEY (user_id) REFERENCES users (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_age ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    token_hash BINARY(32)  NOT NULL PRIMARY KEY,
    session_id BINARY(16)  NOT NULL,
    issued_at  DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    used_at    DATETIME(6) NULL,
    CONSTRAINT refresh_tokens_session FOREIGN KEY (session_id) REFERENCES sessions (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX refresh_tokens_age ON refresh_tokens (expires_at);

CREATE TABLE signing_keys (
    kid         VARCHAR(64) NOT NULL PRIMARY KEY,
    sealed      MEDIUMBLOB  NOT NULL,
    created_at  DATETIME(6) NOT NULL,
    signs_from  DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
