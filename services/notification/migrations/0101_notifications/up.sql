CREATE TABLE notifications (
    id             BINARY(16)   NOT NULL PRIMARY KEY,
    -- Derived from the fact told of: telling it again changes nothing.
    cause          BINARY(16)   NOT NULL,
    user_id        BINARY(16)   NOT NULL,
    kind           VARCHAR(32)  NOT NULL,
    title          VARCHAR(120) NOT NULL,
    body           VARCHAR(500) NOT NULL,
    reference_type VARCHAR(32)  NOT NULL,
    reference_id   VARCHAR(36)  NOT NULL,
    created_at     DATETIME(6)  NOT NULL,
    read_at        DATETIME(6)  NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE UNIQUE INDEX notifications_cause ON notifications (cause);
CREATE INDEX notifications_of_member ON notifications (user_id, id);
CREATE INDEX notifications_unread ON notifications (user_id, read_at, id);

-- A kind a member does not want to hear of.
CREATE TABLE muted_kinds (
    user_id BINARY(16)  NOT NULL,
    kind    VARCHAR(32) NOT NULL,
    PRIMARY KEY (user_id, kind)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
