-- Deposits of deducted tax with the government, by bank branch, day and serial number.
CREATE TABLE challans (
    id             BINARY(16)  NOT NULL PRIMARY KEY,
    financial_year VARCHAR(7)  NOT NULL,
    quarter        VARCHAR(2)  NOT NULL,
    bsr            VARCHAR(7)  NOT NULL,
    serial         VARCHAR(5)  NOT NULL,
    deposited_on   VARCHAR(10) NOT NULL,
    amount_paise   BIGINT      NOT NULL,
    recorded_by    BINARY(16)  NOT NULL,
    recorded_at    DATETIME(6) NOT NULL,
    CONSTRAINT challans_deposit UNIQUE (bsr, deposited_on, serial)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX challans_of_quarter ON challans (financial_year, quarter, deposited_on, bsr, serial);

-- Numbers of certificates, without gaps in each financial year. An earlier release gave none.
ALTER TABLE certificates ADD COLUMN number BIGINT NULL;
CREATE UNIQUE INDEX certificates_number ON certificates (financial_year, number);
CREATE TABLE certificate_counters (
    financial_year VARCHAR(7) NOT NULL PRIMARY KEY,
    last_number    BIGINT     NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- A quarter's deductions in the order of their times, in which challans cover them.
CREATE INDEX tds_records_by_quarter_time ON tds_records (financial_year, quarter, deducted_at, id);
