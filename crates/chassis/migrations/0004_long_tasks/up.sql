-- Long tasks: work that a request starts and later requests ask about.
CREATE TABLE long_tasks (
    id           BINARY(16)  NOT NULL PRIMARY KEY,
    kind         VARCHAR(32) NOT NULL,
    state        VARCHAR(16) NOT NULL,
    input        MEDIUMTEXT  NOT NULL,
    result       MEDIUMTEXT,
    percent      BIGINT      NOT NULL,
    attempts     BIGINT      NOT NULL,
    requested_by BINARY(16)  NOT NULL,
    requested_at DATETIME(6) NOT NULL,
    started_at   DATETIME(6),
    finished_at  DATETIME(6)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX long_tasks_kind ON long_tasks (kind, id);
CREATE INDEX long_tasks_state ON long_tasks (state, id);
