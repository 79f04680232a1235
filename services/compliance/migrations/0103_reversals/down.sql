ALTER TABLE tds_records DROP COLUMN reverses_at;
