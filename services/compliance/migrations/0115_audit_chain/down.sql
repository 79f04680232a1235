-- Reverts up.sql.
DROP TRIGGER IF EXISTS audit_log_awaits_seal;
DROP TABLE audit_unsealed;
DROP TABLE audit_seals;
ALTER TABLE audit_log DROP COLUMN changes;
