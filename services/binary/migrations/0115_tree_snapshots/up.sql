-- Snapshots of the tree: copies of a state that the journal gives, so that a process need not replay it all. The row is
-- inserted after its parts, so every snapshot with a row is complete.
CREATE TABLE tree_snapshots (
    id         BINARY(16)     NOT NULL PRIMARY KEY,
    format     BIGINT         NOT NULL,
    seq        BIGINT         NOT NULL,
    head       MEDIUMTEXT     NOT NULL,
    parts      BIGINT         NOT NULL,
    hash       VARBINARY(32)  NOT NULL,
    created_at DATETIME(6)    NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE tree_snapshot_parts (
    snapshot_id BINARY(16) NOT NULL,
    part        BIGINT     NOT NULL,
    body        MEDIUMBLOB NOT NULL,
    PRIMARY KEY (snapshot_id, part)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
