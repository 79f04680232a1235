DROP TABLE bank_references;
