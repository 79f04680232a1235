ALTER TABLE members DROP COLUMN once_bonus_threshold_paise;
ALTER TABLE members DROP COLUMN once_bonus_payment_id;
