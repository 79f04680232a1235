ALTER TABLE members DROP COLUMN profile_version;
DROP TABLE document_languages;
