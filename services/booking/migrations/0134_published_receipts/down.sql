ALTER TABLE receipt_counters DROP COLUMN published_number;
