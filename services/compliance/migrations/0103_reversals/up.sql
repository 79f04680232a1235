-- A reversal is recorded when the bank returned the payout, and refers to the deduction it takes back by its time.
ALTER TABLE tds_records ADD COLUMN reverses_at DATETIME(6);
