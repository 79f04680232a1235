CREATE TABLE specimens (
    id                   BINARY(16)  NOT NULL PRIMARY KEY,
    maybe_id             BINARY(16)  NULL,
    amount_paise         BIGINT      NOT NULL,
    maybe_paise          BIGINT      NULL,
    state                VARCHAR(16) NOT NULL,
    maybe_state          VARCHAR(16) NULL,
    seen_at              DATETIME(6) NOT NULL,
    maybe_at             DATETIME(6) NULL,
    day                  VARCHAR(10) NOT NULL,
    maybe_day            VARCHAR(10) NULL,
    month                VARCHAR(7)  NOT NULL,
    maybe_month          VARCHAR(7)  NULL,
    financial_year       VARCHAR(7)  NOT NULL,
    maybe_financial_year VARCHAR(7)  NULL,
    story                MEDIUMTEXT  NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
