-- Time of the newest event that the facts contain.
ALTER TABLE rollup_state ADD COLUMN applied_until DATETIME(6) NULL;
