DROP TABLE document_languages;
