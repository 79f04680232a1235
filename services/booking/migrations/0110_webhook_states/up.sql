-- A gateway's message is stored before it is understood: its state says what became of it, and an unreadable or
-- unhandled one is a row like any other. Bodies are sealed from now on; a job seals those that are still clear.
ALTER TABLE webhook_events ADD COLUMN id BINARY(16) NULL;
ALTER TABLE webhook_events ADD COLUMN kind VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE webhook_events ADD COLUMN state VARCHAR(16) NOT NULL DEFAULT 'pending';
ALTER TABLE webhook_events ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhook_events ADD COLUMN next_attempt_at DATETIME(6) NOT NULL DEFAULT '2026-01-01 00:00:00.000000';
ALTER TABLE webhook_events ADD COLUMN sealed BOOLEAN NOT NULL DEFAULT FALSE;

-- The ids of older messages are smaller than any that is made later, so that they come last in the list.
UPDATE webhook_events SET id = UNHEX(CONCAT('0000000000007000', SUBSTR(event_key, 8, 16)));
UPDATE webhook_events SET state = 'processed' WHERE processed_at IS NOT NULL;

CREATE UNIQUE INDEX webhook_events_id ON webhook_events (id);
CREATE INDEX webhook_events_by_state ON webhook_events (state, id);
CREATE INDEX webhook_events_due ON webhook_events (state, next_attempt_at);
DROP INDEX webhook_events_unprocessed /*! ON webhook_events */;

ALTER TABLE captures ADD COLUMN currency VARCHAR(8) NOT NULL DEFAULT 'INR';
