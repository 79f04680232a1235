DROP TABLE receipt_counters;
DROP INDEX payments_without_receipt /*! ON payments */;
DROP INDEX payments_receipt /*! ON payments */;
ALTER TABLE payments DROP COLUMN receipt_number;
ALTER TABLE payments DROP COLUMN receipt_year;
ALTER TABLE payments DROP COLUMN needs_receipt;
