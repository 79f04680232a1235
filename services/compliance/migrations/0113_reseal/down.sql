-- Reverts up.sql.
DROP TRIGGER IF EXISTS tds_records_refuse_update;
CREATE TRIGGER tds_records_refuse_update BEFORE UPDATE ON tds_records FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'tds_records is append-only'; DO " */
    SELECT RAISE(ABORT, 'tds_records is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS tds_records_refuse_rewrite;
