ALTER TABLE notifications DROP COLUMN params;
ALTER TABLE notifications DROP COLUMN template;
