-- Last receipt number of the year that is published. Numbers of earlier versions are published after the upgrade.
ALTER TABLE receipt_counters ADD COLUMN published_number BIGINT NOT NULL DEFAULT 0;
