-- Lists of everybody's deductions of a year, newest first; a quarter's in the order of a statement; and a year's sums
-- from the index alone.
CREATE INDEX tds_records_by_year ON tds_records (financial_year, id);
CREATE INDEX tds_records_by_quarter ON tds_records (financial_year, quarter, id);
CREATE INDEX tds_records_sums ON tds_records (financial_year, gross_paise, tds_paise);
-- What was done, newest first: by anybody, by somebody, to something, to somebody.
CREATE INDEX audit_log_by_time ON audit_log (acted_at, id);
CREATE INDEX audit_log_by_actor_time ON audit_log (actor_id, acted_at, id);
CREATE INDEX audit_log_by_subject_time ON audit_log (subject_id, acted_at, id);
CREATE INDEX audit_log_by_user_time ON audit_log (subject_user_id, acted_at, id);
