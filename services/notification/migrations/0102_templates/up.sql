-- The code of the text, and the values in it as a JSON object of strings. Null in rows of an older version.
ALTER TABLE notifications ADD COLUMN template VARCHAR(48) NULL;
ALTER TABLE notifications ADD COLUMN params TEXT NULL;
