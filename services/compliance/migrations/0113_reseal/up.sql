-- A TDS record never changes, but its PAN is sealed again when the key is replaced: the trigger refuses every other
-- change. It stands before the older one goes, so that no moment is without a trigger.
DROP TRIGGER IF EXISTS tds_records_refuse_rewrite;
CREATE TRIGGER tds_records_refuse_rewrite BEFORE UPDATE ON tds_records FOR EACH ROW BEGIN
    /*! IF " */ SELECT RAISE(ABORT, 'tds_records is append-only') WHERE /*! " IS NULL OR */
        (NEW.pan_sealed = OLD.pan_sealed
            OR LENGTH(NEW.pan_sealed) = 0
            OR LENGTH(OLD.pan_sealed) = 0
            OR NEW.id <> OLD.id
            OR NEW.payout_id <> OLD.payout_id
            OR NEW.reversal <> OLD.reversal
            OR NEW.user_id <> OLD.user_id
            OR NEW.financial_year <> OLD.financial_year
            OR NEW.quarter <> OLD.quarter
            OR NEW.rule_id <> OLD.rule_id
            OR NEW.section <> OLD.section
            OR NEW.rate <> OLD.rate
            OR NEW.gross_paise <> OLD.gross_paise
            OR NEW.paid_before_paise <> OLD.paid_before_paise
            OR NEW.tds_paise <> OLD.tds_paise
            OR NEW.pan_index <> OLD.pan_index
            OR NEW.pan_mask <> OLD.pan_mask
            OR NEW.holder_name <> OLD.holder_name
            OR NEW.deducted_at <> OLD.deducted_at
            OR COALESCE(NEW.reverses_at, '1000-01-01 00:00:00') <> COALESCE(OLD.reverses_at, '1000-01-01 00:00:00'))
    /*! THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'tds_records is append-only'; END IF */;
END;
DROP TRIGGER IF EXISTS tds_records_refuse_update;
