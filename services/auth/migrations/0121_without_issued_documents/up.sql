-- This service issues no documents, so the table of issued documents is always empty here.
DROP TABLE issued_documents;
