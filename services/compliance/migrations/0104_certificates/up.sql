-- That a member's certificate of a year was given out, from the first time on.
CREATE TABLE certificates (
    id              BINARY(16)  NOT NULL PRIMARY KEY,
    user_id         BINARY(16)  NOT NULL,
    financial_year  VARCHAR(7)  NOT NULL,
    total_tds_paise BIGINT      NOT NULL,
    issued_at       DATETIME(6) NOT NULL,
    CONSTRAINT certificates_of_year UNIQUE (user_id, financial_year)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
