-- Reverts up.sql.
DROP INDEX tds_records_by_quarter_time /*! ON tds_records */;
DROP TABLE certificate_counters;
DROP INDEX certificates_number /*! ON certificates */;
ALTER TABLE certificates DROP COLUMN number;
DROP TABLE challans;
