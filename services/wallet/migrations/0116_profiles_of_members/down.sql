ALTER TABLE members DROP COLUMN version;
DROP TABLE document_languages;
