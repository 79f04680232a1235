DROP TABLE posting_epochs;
