-- When the owner of a session last proved a one-time code, and the code of a step-up. Without a time, it is the start of
-- the session.
ALTER TABLE sessions ADD COLUMN proved_at DATETIME(6) NULL;
ALTER TABLE sessions ADD COLUMN proof_code_id BINARY(16) NULL;
CREATE UNIQUE INDEX sessions_by_proof_code ON sessions (proof_code_id);
