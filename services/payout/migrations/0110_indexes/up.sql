-- MySQL makes an index for a foreign key by itself, SQLite does not.
CREATE INDEX payouts_by_batch ON payouts (batch_id, status, id);
-- What a member has open, whatever the number of their earlier payouts.
CREATE INDEX payouts_by_user_status ON payouts (user_id, status, id);
-- Requests that nobody has decided since a day.
CREATE INDEX payouts_by_status_time ON payouts (status, requested_at, id);
CREATE INDEX bank_accounts_of_member ON bank_accounts (user_id, live, id);
