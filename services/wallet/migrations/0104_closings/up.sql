-- What every account had come to at the end of a stretch of time, so that a balance at any past instant is the closing
-- before it and the few postings between.
CREATE TABLE closings (
    closed_at   DATETIME(6) NOT NULL,
    account     VARCHAR(24) NOT NULL,
    total_paise BIGINT      NOT NULL,
    PRIMARY KEY (closed_at, account)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX postings_by_time ON postings (posted_at, account, amount_paise);

DROP TRIGGER IF EXISTS closings_refuse_update;
CREATE TRIGGER closings_refuse_update BEFORE UPDATE ON closings FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'closings is append-only'; DO " */
    SELECT RAISE(ABORT, 'closings is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS closings_refuse_delete;
CREATE TRIGGER closings_refuse_delete BEFORE DELETE ON closings FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'closings is append-only'; DO " */
    SELECT RAISE(ABORT, 'closings is append-only');
    /*! "; */
END;
