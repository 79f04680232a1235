DROP TABLE audit_log;
DROP TABLE tds_records;
