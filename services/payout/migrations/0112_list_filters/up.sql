-- Payouts by the time of the request: of all members, those that one of two people has approved, and of one member.
CREATE INDEX payouts_by_time ON payouts (requested_at, id);
CREATE INDEX payouts_by_approvals_needed ON payouts (status, approvals_needed, requested_at, id);
CREATE INDEX payouts_by_user_status_time ON payouts (user_id, status, requested_at, id);
