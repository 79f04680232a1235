DROP INDEX sessions_by_proof_code /*! ON sessions */;
ALTER TABLE sessions DROP COLUMN proof_code_id;
ALTER TABLE sessions DROP COLUMN proved_at;
