DROP TABLE payees;
DROP TABLE transfers;
ALTER TABLE batches DROP COLUMN channel;
