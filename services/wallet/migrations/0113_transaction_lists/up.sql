-- Everybody's transactions, newest first: of any type, and of one.
CREATE INDEX postings_by_cause_time ON postings (at);
CREATE INDEX postings_by_type ON postings (transaction_type, at);
