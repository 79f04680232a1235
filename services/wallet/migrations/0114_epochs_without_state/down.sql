DROP TABLE posting_epochs;
CREATE TABLE posting_epochs (
    epoch            BIGINT      NOT NULL PRIMARY KEY,
    floor_at         DATETIME(6) NOT NULL,
    entry_position   BIGINT      NOT NULL,
    posting_position BIGINT      NOT NULL,
    settled          BOOLEAN     NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
INSERT INTO posting_epochs (epoch, floor_at, entry_position, posting_position, settled)
SELECT 1, COALESCE(MAX(closed_at), '1970-01-01 00:00:00'), 0, 0, TRUE FROM closings;
