-- What of a payout that passes the threshold is taxed: `excess` or `whole`. Rules and deductions from before tax the
-- excess. An older version that still runs does not name it.
ALTER TABLE tax_rules ADD COLUMN taxed_part VARCHAR(8) NOT NULL DEFAULT 'excess';
ALTER TABLE tax_lines ADD COLUMN taxed_part VARCHAR(8) NOT NULL DEFAULT 'excess';
