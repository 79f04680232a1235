ALTER TABLE rollup_state DROP COLUMN applied_until;
