-- Versions of the plan that were withdrawn before they took effect.
CREATE TABLE plan_withdrawals (
    version      BIGINT      NOT NULL PRIMARY KEY,
    withdrawn_by BINARY(16)  NOT NULL,
    withdrawn_at DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
