CREATE INDEX payments_by_status ON payments (status, created_at);
DROP INDEX payments_by_time /*! ON payments */;
DROP INDEX payments_by_method /*! ON payments */;
DROP INDEX payments_by_status_method /*! ON payments */;
ALTER TABLE captures DROP COLUMN credited_user_id;
ALTER TABLE captures DROP COLUMN resolution_reason;
ALTER TABLE captures DROP COLUMN resolved_at;
ALTER TABLE captures DROP COLUMN resolved_by;
