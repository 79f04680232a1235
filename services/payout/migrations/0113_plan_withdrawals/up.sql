-- Versions of the plan that were withdrawn before they took effect. A row may come before the version itself.
CREATE TABLE plan_withdrawals (
    version BIGINT NOT NULL PRIMARY KEY
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
