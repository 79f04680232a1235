DROP TABLE challan_changes;
ALTER TABLE challans DROP COLUMN cancelled_at;
ALTER TABLE challans DROP COLUMN revision;
