-- Staff resolve a capture of an unknown order: a payment gets it, or the wallet of `credited_user_id` is credited.
ALTER TABLE captures ADD COLUMN resolved_by BINARY(16) NULL;
ALTER TABLE captures ADD COLUMN resolved_at DATETIME(6) NULL;
ALTER TABLE captures ADD COLUMN resolution_reason VARCHAR(500) NULL;
ALTER TABLE captures ADD COLUMN credited_user_id BINARY(16) NULL;

-- Payments by method and time. Open orders are the pending payments of the method `online`.
CREATE INDEX payments_by_status_method ON payments (status, method, created_at, id);
CREATE INDEX payments_by_method ON payments (method, created_at, id);
CREATE INDEX payments_by_time ON payments (created_at, id);
DROP INDEX payments_by_status /*! ON payments */;
