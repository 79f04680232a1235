-- When the gateway took the money; where it does not say, when we heard of it.
ALTER TABLE captures ADD COLUMN taken_at DATETIME(6) NULL;
CREATE INDEX captures_by_time ON captures (captured_at, gateway_payment_id, gateway);
CREATE INDEX captures_by_outcome_time ON captures (outcome, captured_at, gateway_payment_id, gateway);
DROP INDEX captures_by_outcome /*! ON captures */;
