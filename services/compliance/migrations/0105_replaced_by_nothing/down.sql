DROP TRIGGER IF EXISTS tds_records_refuse_replace;
DROP TRIGGER IF EXISTS audit_log_refuse_replace;
