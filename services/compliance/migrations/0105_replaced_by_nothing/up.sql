-- SQLite removes the row that is in the way of a REPLACE without asking the trigger that refuses DELETE, so a key that
-- is taken is refused first. MySQL does ask it, and wants the right to delete besides: there these are texts.

DROP TRIGGER IF EXISTS tds_records_refuse_replace;
/*! DO " */
CREATE TRIGGER tds_records_refuse_replace BEFORE INSERT ON tds_records
WHEN EXISTS (SELECT 1 FROM tds_records WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM tds_records WHERE payout_id = NEW.payout_id AND reversal = NEW.reversal)
BEGIN
    SELECT RAISE(ABORT, 'tds_records has such a row already');
END
/*! " */;
DROP TRIGGER IF EXISTS audit_log_refuse_replace;
/*! DO " */
CREATE TRIGGER audit_log_refuse_replace BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'audit_log has such a row already');
END
/*! " */;
