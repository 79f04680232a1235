-- Published versions of the plan; version 1, the seed preset, is in the code.
CREATE TABLE plan_versions (
    version        BIGINT      NOT NULL PRIMARY KEY,
    effective_from DATETIME(6) NOT NULL,
    plan           MEDIUMTEXT  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- Versions that were withdrawn before they took effect. A row may come before the version itself.
CREATE TABLE plan_withdrawals (
    version BIGINT NOT NULL PRIMARY KEY
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
