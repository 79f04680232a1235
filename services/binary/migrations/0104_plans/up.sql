-- Version 1, the seed preset, is in the code.
CREATE TABLE IF NOT EXISTS plan_versions (
    version        BIGINT      NOT NULL PRIMARY KEY,
    effective_from DATETIME(6) NOT NULL,
    plan           TEXT        NOT NULL,
    published_by   BINARY(16)  NOT NULL,
    published_at   DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
