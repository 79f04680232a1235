-- One portable dialect: MySQL and MariaDB execute what stands in /*! … */, SQLite skips it.

CREATE TABLE outbox (
    position    /*! BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT ' */ INTEGER PRIMARY KEY AUTOINCREMENT /*! ' */,
    event_id    BINARY(16)   NOT NULL,
    event_type  VARCHAR(64)  NOT NULL,
    subject     VARCHAR(64)  NOT NULL,
    occurred_at DATETIME(6)  NOT NULL,
    traceparent VARCHAR(64)  NOT NULL,
    payload     MEDIUMBLOB   NOT NULL,
    sent_at     DATETIME(6)  NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX outbox_unsent ON outbox (sent_at, position);

CREATE TABLE inbox (
    event_id    BINARY(16)  NOT NULL PRIMARY KEY,
    received_at DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE parked (
    event_id            BINARY(16)  NOT NULL PRIMARY KEY,
    event_type          VARCHAR(64) NOT NULL,
    source              VARCHAR(32) NOT NULL,
    subject             VARCHAR(64) NOT NULL,
    occurred_at         DATETIME(6) NOT NULL,
    position            BIGINT      NOT NULL,
    traceparent         VARCHAR(64) NOT NULL,
    payload             MEDIUMBLOB  NOT NULL,
    error               TEXT        NOT NULL,
    attempts            BIGINT      NOT NULL,
    parked_at           DATETIME(6) NOT NULL,
    replay_requested_at DATETIME(6) NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE waiting (
    event_id      BINARY(16)   NOT NULL PRIMARY KEY,
    wait_key      VARCHAR(128) NOT NULL,
    event_type    VARCHAR(64)  NOT NULL,
    source        VARCHAR(32)  NOT NULL,
    subject       VARCHAR(64)  NOT NULL,
    occurred_at   DATETIME(6)  NOT NULL,
    position      BIGINT       NOT NULL,
    traceparent   VARCHAR(64)  NOT NULL,
    payload       MEDIUMBLOB   NOT NULL,
    waiting_since DATETIME(6)  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX waiting_key ON waiting (wait_key);

CREATE TABLE idempotency_keys (
    caller_id       BINARY(16)   NOT NULL,
    idempotency_key VARCHAR(255) NOT NULL,
    request_hash    BINARY(32)   NOT NULL,
    status          INTEGER      NULL,
    body            MEDIUMBLOB   NULL,
    created_at      DATETIME(6)  NOT NULL,
    lease_until     DATETIME(6)  NULL,
    PRIMARY KEY (caller_id, idempotency_key)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE leases (
    name       VARCHAR(64) NOT NULL PRIMARY KEY,
    holder     BINARY(16)  NOT NULL,
    held_until DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE revoked_sessions (
    session_id BINARY(16)  NOT NULL PRIMARY KEY,
    expires_at DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE public_keys (
    name       VARCHAR(64) NOT NULL PRIMARY KEY,
    document   TEXT        NOT NULL,
    fetched_at DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
