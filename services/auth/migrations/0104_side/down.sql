ALTER TABLE users DROP COLUMN side_used;
