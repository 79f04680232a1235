-- Lists of everybody's deductions of a year, newest first; a quarter's in the order of a statement; and a year's sums
-- from the index alone.
CREATE INDEX tds_records_by_year ON tds_records (financial_year, id);
CREATE INDEX tds_records_by_quarter ON tds_records (financial_year, quarter, id);
CREATE INDEX tds_records_sums ON tds_records (financial_year, gross_paise, tds_paise);
-- What was done between two days.
CREATE INDEX audit_log_by_time ON audit_log (acted_at, id);
