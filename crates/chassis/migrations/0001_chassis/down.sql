DROP TABLE public_keys;
DROP TABLE revoked_sessions;
DROP TABLE leases;
DROP TABLE idempotency_keys;
DROP TABLE waiting;
DROP TABLE parked;
DROP TABLE inbox;
DROP TABLE outbox;
