CREATE INDEX captures_by_outcome ON captures (outcome, captured_at);
DROP INDEX captures_by_outcome_time /*! ON captures */;
DROP INDEX captures_by_time /*! ON captures */;
ALTER TABLE captures DROP COLUMN taken_at;
