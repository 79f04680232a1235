-- Numbers of receipts: without gaps in each financial year. A job gives them in the order of completion.
ALTER TABLE payments ADD COLUMN needs_receipt BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE payments ADD COLUMN receipt_year VARCHAR(7) NULL;
ALTER TABLE payments ADD COLUMN receipt_number BIGINT NULL;
UPDATE payments SET needs_receipt = TRUE WHERE completed_at IS NOT NULL;
CREATE UNIQUE INDEX payments_receipt ON payments (receipt_year, receipt_number);
CREATE INDEX payments_without_receipt ON payments (needs_receipt, completed_at, id);

CREATE TABLE receipt_counters (
    financial_year VARCHAR(7) NOT NULL PRIMARY KEY,
    last_number    BIGINT     NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
