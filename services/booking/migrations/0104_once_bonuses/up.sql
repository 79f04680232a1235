-- The referral bonus that is owed once for a member, while it stands: which payment earned it, and the net payments that it
-- is for.
ALTER TABLE members ADD COLUMN once_bonus_payment_id BINARY(16) NULL;
ALTER TABLE members ADD COLUMN once_bonus_threshold_paise BIGINT NULL;
