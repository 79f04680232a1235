DROP TABLE blob_deletions;
DROP TABLE members;
DROP TABLE document_languages;
