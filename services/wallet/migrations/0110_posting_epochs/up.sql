-- Which postings may still be under way. A transaction that posts joins the newest epoch: it reads its row with a
-- shared lock and so holds it until it ends. A later epoch is settled once nobody holds an earlier one.
CREATE TABLE posting_epochs (
    epoch    BIGINT      NOT NULL PRIMARY KEY,
    -- What is posted in this epoch or a later one has a later time of posting.
    floor_at DATETIME(6) NOT NULL,
    -- The last positions of entries and postings seen when the epoch began: transactions of earlier epochs may still
    -- fill positions up to them, later ones take greater ones.
    entry_position   BIGINT NOT NULL,
    posting_position BIGINT NOT NULL,
    -- Whether every transaction of an earlier epoch has ended.
    settled BOOLEAN NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
INSERT INTO posting_epochs (epoch, floor_at, entry_position, posting_position, settled)
VALUES (1, '1970-01-01 00:00:00', 0, 0, TRUE);
