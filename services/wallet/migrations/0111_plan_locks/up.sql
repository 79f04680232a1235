-- One row a version of the plan that somebody waited for or that was published. Whoever waits for a version and whoever
-- takes in its publication lock the same row, so that neither misses the other.
CREATE TABLE plan_locks (
    version BIGINT NOT NULL PRIMARY KEY
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
