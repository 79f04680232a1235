-- The tree's own order. The journal is the truth; nodes and pairs follow from it.
CREATE TABLE IF NOT EXISTS tree_head (
    id  BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
INSERT INTO tree_head (id, seq)
SELECT 1, 0 FROM (SELECT 1 AS one) AS just WHERE NOT EXISTS (SELECT 1 FROM tree_head);

CREATE TABLE IF NOT EXISTS tree_log (
    seq            BIGINT      NOT NULL PRIMARY KEY,
    kind           VARCHAR(24) NOT NULL,
    user_id        BINARY(16)  NULL,
    happened_at    DATETIME(6) NOT NULL,
    at             DATETIME(6) NOT NULL,
    cause_id       BINARY(16)  NULL,
    amount_paise   BIGINT      NULL,
    sponsor_id     BINARY(16)  NULL,
    parent_id      BINARY(16)  NULL,
    side           VARCHAR(8)  NULL,
    is_distributor BOOLEAN     NULL,
    plan_version   BIGINT      NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- Positions, once for ever. Node 0 is the company, which has no row.
CREATE TABLE IF NOT EXISTS nodes (
    node        BIGINT      NOT NULL PRIMARY KEY,
    user_id     BINARY(16)  NOT NULL,
    parent_node BIGINT      NOT NULL,
    side        VARCHAR(8)  NOT NULL,
    depth       BIGINT      NOT NULL,
    sponsor_id  BINARY(16)  NULL,
    is_manual   BOOLEAN     NOT NULL,
    placed_seq  BIGINT      NOT NULL,
    placed_at   DATETIME(6) NOT NULL,
    CONSTRAINT nodes_user UNIQUE (user_id),
    CONSTRAINT nodes_slot UNIQUE (parent_node, side)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

DROP TRIGGER IF EXISTS tree_log_refuse_update;
CREATE TRIGGER tree_log_refuse_update BEFORE UPDATE ON tree_log FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'tree_log is append-only'; DO " */
    SELECT RAISE(ABORT, 'tree_log is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS tree_log_refuse_delete;
CREATE TRIGGER tree_log_refuse_delete BEFORE DELETE ON tree_log FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'tree_log is append-only'; DO " */
    SELECT RAISE(ABORT, 'tree_log is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS nodes_refuse_update;
CREATE TRIGGER nodes_refuse_update BEFORE UPDATE ON nodes FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'nodes is append-only'; DO " */
    SELECT RAISE(ABORT, 'nodes is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS nodes_refuse_delete;
CREATE TRIGGER nodes_refuse_delete BEFORE DELETE ON nodes FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'nodes is append-only'; DO " */
    SELECT RAISE(ABORT, 'nodes is append-only');
    /*! "; */
END;
