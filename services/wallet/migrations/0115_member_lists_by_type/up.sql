-- One member's transactions of one type, in their order.
CREATE INDEX postings_of_member_by_type ON postings (owner_id, transaction_type, transaction_number);
