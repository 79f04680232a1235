DROP TRIGGER IF EXISTS journal_entries_refuse_update;
CREATE TRIGGER journal_entries_refuse_update BEFORE UPDATE ON journal_entries FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'journal_entries is append-only'; DO " */
    SELECT RAISE(ABORT, 'journal_entries is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS journal_entries_refuse_delete;
CREATE TRIGGER journal_entries_refuse_delete BEFORE DELETE ON journal_entries FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'journal_entries is append-only'; DO " */
    SELECT RAISE(ABORT, 'journal_entries is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS postings_refuse_update;
CREATE TRIGGER postings_refuse_update BEFORE UPDATE ON postings FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'postings is append-only'; DO " */
    SELECT RAISE(ABORT, 'postings is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS postings_refuse_delete;
CREATE TRIGGER postings_refuse_delete BEFORE DELETE ON postings FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'postings is append-only'; DO " */
    SELECT RAISE(ABORT, 'postings is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS forfeits_refuse_update;
CREATE TRIGGER forfeits_refuse_update BEFORE UPDATE ON forfeits FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'forfeits is append-only'; DO " */
    SELECT RAISE(ABORT, 'forfeits is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS forfeits_refuse_delete;
CREATE TRIGGER forfeits_refuse_delete BEFORE DELETE ON forfeits FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'forfeits is append-only'; DO " */
    SELECT RAISE(ABORT, 'forfeits is append-only');
    /*! "; */
END;
