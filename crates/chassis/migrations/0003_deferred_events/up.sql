-- Events of a type, or with a value, that the running version does not know. They are handled once it does.
CREATE TABLE deferred_events (
    event_id    BINARY(16)    NOT NULL PRIMARY KEY,
    event_type  VARCHAR(64)   NOT NULL,
    source      VARCHAR(32)   NOT NULL,
    subject     VARCHAR(64)   NOT NULL,
    occurred_at DATETIME(6)   NOT NULL,
    position    BIGINT        NOT NULL,
    traceparent VARCHAR(64)   NOT NULL,
    payload     MEDIUMBLOB    NOT NULL,
    reason      VARCHAR(1000) NOT NULL,
    deferred_at DATETIME(6)   NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX deferred_events_type ON deferred_events (event_type, event_id);
