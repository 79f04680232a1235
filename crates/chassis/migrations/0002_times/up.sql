-- Events that could not be handled, oldest first; those whose replay was asked for; sessions whose tokens have expired.
CREATE INDEX parked_by_time ON parked (parked_at, event_id);
CREATE INDEX parked_replays ON parked (replay_requested_at, event_id);
CREATE INDEX revoked_sessions_age ON revoked_sessions (expires_at);
