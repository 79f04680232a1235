-- What every account comes to, of all postings up to a position. A job adds what came since, so that no posting
-- transaction changes a row that others change too; without its rows the job begins again.
CREATE TABLE account_rollups (
    account     VARCHAR(24) NOT NULL PRIMARY KEY,
    total_paise BIGINT      NOT NULL,
    position    BIGINT      NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
