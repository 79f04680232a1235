-- Addresses and settings of members. Rows appear with the first event or setting of a member. Version 0 means that their
-- addresses are not known yet, and `ev republish` of auth.v1.UserRegistered and auth.v1.UserUpdated fills them.
CREATE TABLE members (
    user_id              BINARY(16)   NOT NULL PRIMARY KEY,
    version              BIGINT       NOT NULL,
    email                VARCHAR(254) NULL,
    mobile               VARCHAR(20)  NULL,
    locale               VARCHAR(2)   NOT NULL,
    -- Minutes after midnight in India. Null: none.
    quiet_from           BIGINT       NULL,
    quiet_until          BIGINT       NULL,
    digest_at            BIGINT       NULL,
    -- Ids of a member's notifications grow in the order of their commits.
    last_notification_id BINARY(16)   NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- Choices of members that may differ from the defaults.
CREATE TABLE channel_choices (
    user_id BINARY(16)  NOT NULL,
    kind    VARCHAR(32) NOT NULL,
    channel VARCHAR(8)  NOT NULL,
    is_on   BOOLEAN     NOT NULL,
    PRIMARY KEY (user_id, kind, channel)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- Browsers with web push.
CREATE TABLE push_subscriptions (
    id            BINARY(16)    NOT NULL PRIMARY KEY,
    user_id       BINARY(16)    NOT NULL,
    endpoint_hash BINARY(32)    NOT NULL,
    endpoint      VARCHAR(1000) NOT NULL,
    public_key    BINARY(65)    NOT NULL,
    secret        BINARY(16)    NOT NULL,
    created_at    DATETIME(6)   NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE UNIQUE INDEX push_subscriptions_endpoint ON push_subscriptions (endpoint_hash);
CREATE INDEX push_subscriptions_of_member ON push_subscriptions (user_id, id);

-- One row for each notification, channel and browser. `cause` is that of the notification.
CREATE TABLE deliveries (
    id            BINARY(16)   NOT NULL PRIMARY KEY,
    cause         BINARY(16)   NOT NULL,
    channel       VARCHAR(8)   NOT NULL,
    -- The browser of a web push, or sixteen zeros for an address.
    target        BINARY(16)   NOT NULL,
    user_id       BINARY(16)   NOT NULL,
    template      VARCHAR(48)  NOT NULL,
    state         VARCHAR(12)  NOT NULL,
    held_for      VARCHAR(12)  NULL,
    due_at        DATETIME(6)  NOT NULL,
    -- Next attempt, or end of the claim of the process that makes it.
    try_at        DATETIME(6)  NOT NULL,
    attempts      BIGINT       NOT NULL,
    last_error    VARCHAR(300) NULL,
    created_at    DATETIME(6)  NOT NULL,
    finished_at   DATETIME(6)  NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE UNIQUE INDEX deliveries_once ON deliveries (cause, channel, target);
CREATE INDEX deliveries_due ON deliveries (channel, state, try_at, id);
CREATE INDEX deliveries_by_state ON deliveries (state, id);
CREATE INDEX deliveries_of_digest ON deliveries (user_id, due_at);
CREATE INDEX deliveries_finished ON deliveries (finished_at, id);

CREATE INDEX notifications_read ON notifications (read_at, id);

-- A kind that was muted as a whole is muted on every channel. `muted_kinds` is no longer used, and a later
-- version removes it.
INSERT INTO channel_choices (user_id, kind, channel, is_on)
SELECT muted.user_id, muted.kind, channels.channel, FALSE
FROM muted_kinds muted
    CROSS JOIN (SELECT 'email' AS channel UNION ALL SELECT 'sms' UNION ALL SELECT 'push') channels
WHERE NOT EXISTS (SELECT 1 FROM channel_choices);
