-- An epoch is settled when there is no earlier one: marking its row would have to wait for those who hold it.
DROP TABLE posting_epochs;
CREATE TABLE posting_epochs (
    epoch            BIGINT      NOT NULL PRIMARY KEY,
    -- What is posted in this epoch or a later one has a later time of posting.
    floor_at         DATETIME(6) NOT NULL,
    -- The last positions of entries and postings seen when the epoch began: transactions of earlier epochs may still
    -- fill positions up to them, later ones take greater ones.
    entry_position   BIGINT      NOT NULL,
    posting_position BIGINT      NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
INSERT INTO posting_epochs (epoch, floor_at, entry_position, posting_position)
SELECT 1, COALESCE(MAX(closed_at), '1970-01-01 00:00:00'), 0, 0 FROM closings;
