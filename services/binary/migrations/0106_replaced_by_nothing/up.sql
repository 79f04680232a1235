-- SQLite removes the row that is in the way of a REPLACE without asking the trigger that refuses DELETE, so a key that
-- is taken is refused first. MySQL does ask it, and wants the right to delete besides: there these are texts.

DROP TRIGGER IF EXISTS tree_log_refuse_replace;
/*! DO " */
CREATE TRIGGER tree_log_refuse_replace BEFORE INSERT ON tree_log
WHEN EXISTS (SELECT 1 FROM tree_log WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'tree_log has such a row already');
END
/*! " */;
DROP TRIGGER IF EXISTS nodes_refuse_replace;
/*! DO " */
CREATE TRIGGER nodes_refuse_replace BEFORE INSERT ON nodes
WHEN EXISTS (SELECT 1 FROM nodes WHERE node = NEW.node)
    OR EXISTS (SELECT 1 FROM nodes WHERE user_id = NEW.user_id)
    OR EXISTS (SELECT 1 FROM nodes WHERE parent_node = NEW.parent_node AND side = NEW.side)
BEGIN
    SELECT RAISE(ABORT, 'nodes has such a row already');
END
/*! " */;
DROP TRIGGER IF EXISTS pairs_refuse_replace;
/*! DO " */
CREATE TRIGGER pairs_refuse_replace BEFORE INSERT ON pairs
WHEN EXISTS (SELECT 1 FROM pairs WHERE ordinal = NEW.ordinal)
    OR EXISTS (SELECT 1 FROM pairs WHERE earner_node = NEW.earner_node AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM pairs WHERE earner_node = NEW.earner_node AND period = NEW.period AND slot = NEW.slot)
BEGIN
    SELECT RAISE(ABORT, 'pairs has such a row already');
END
/*! " */;

-- A pair stays for ever with all that was decided about it; that it was voided is added, once. The condition serves
-- both: MySQL reads IF (a text IS NULL OR the condition) THEN, SQLite SELECT … WHERE (the condition).
DROP TRIGGER IF EXISTS pairs_refuse_delete;
CREATE TRIGGER pairs_refuse_delete BEFORE DELETE ON pairs FOR EACH ROW BEGIN
    /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'pairs is append-only'; DO " */
    SELECT RAISE(ABORT, 'pairs is append-only');
    /*! "; */
END;
DROP TRIGGER IF EXISTS pairs_refuse_rewrite;
CREATE TRIGGER pairs_refuse_rewrite BEFORE UPDATE ON pairs FOR EACH ROW BEGIN
    /*! IF " */ SELECT RAISE(ABORT, 'pairs is append-only') WHERE /*! " IS NULL OR */
        (OLD.voided_seq IS NOT NULL OR NEW.voided_seq IS NULL
            OR NEW.ordinal <> OLD.ordinal
            OR NEW.earner_node <> OLD.earner_node
            OR NEW.number <> OLD.number
            OR NEW.left_node <> OLD.left_node
            OR NEW.right_node <> OLD.right_node
            OR NEW.period <> OLD.period
            OR COALESCE(NEW.slot, 0) <> COALESCE(OLD.slot, 0)
            OR NEW.month <> OLD.month
            OR NEW.earner_active_buyer <> OLD.earner_active_buyer
            OR NEW.plan_version <> OLD.plan_version
            OR NEW.gross_paise <> OLD.gross_paise
            OR NEW.emi_deduction_paise <> OLD.emi_deduction_paise
            OR NEW.reserve_deduction_paise <> OLD.reserve_deduction_paise
            OR NEW.available_paise <> OLD.available_paise
            OR NEW.matched_seq <> OLD.matched_seq
            OR NEW.matched_at <> OLD.matched_at)
    /*! THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'pairs is append-only'; END IF */;
END;
