DROP TABLE search_state;
DROP TABLE search_documents;
DROP TABLE numbered_receipts;
ALTER TABLE payouts DROP COLUMN utr;
ALTER TABLE bookings DROP COLUMN vehicle;
ALTER TABLE members DROP COLUMN referral_code;
ALTER TABLE members DROP COLUMN mobile;
ALTER TABLE members DROP COLUMN email;
ALTER TABLE members DROP COLUMN name;
