-- SQLite removes the row that is in the way of a REPLACE without asking the trigger that refuses DELETE, so a key that
-- is taken is refused first. MySQL does ask it, and wants the right to delete besides: there these are texts.

DROP TRIGGER IF EXISTS journal_entries_refuse_replace;
/*! DO " */
CREATE TRIGGER journal_entries_refuse_replace BEFORE INSERT ON journal_entries
WHEN EXISTS (SELECT 1 FROM journal_entries WHERE position = NEW.position)
    OR EXISTS (SELECT 1 FROM journal_entries WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM journal_entries WHERE reverses = NEW.reverses)
BEGIN
    SELECT RAISE(ABORT, 'journal_entries has such a row already');
END
/*! " */;
DROP TRIGGER IF EXISTS postings_refuse_replace;
/*! DO " */
CREATE TRIGGER postings_refuse_replace BEFORE INSERT ON postings
WHEN EXISTS (SELECT 1 FROM postings WHERE position = NEW.position)
    OR EXISTS (SELECT 1 FROM postings WHERE entry_id = NEW.entry_id AND line = NEW.line)
    OR EXISTS (SELECT 1 FROM postings WHERE owner_id = NEW.owner_id AND transaction_number = NEW.transaction_number)
BEGIN
    SELECT RAISE(ABORT, 'postings has such a row already');
END
/*! " */;
DROP TRIGGER IF EXISTS forfeits_refuse_replace;
/*! DO " */
CREATE TRIGGER forfeits_refuse_replace BEFORE INSERT ON forfeits
WHEN EXISTS (SELECT 1 FROM forfeits WHERE position = NEW.position)
    OR EXISTS (SELECT 1 FROM forfeits WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'forfeits has such a row already');
END
/*! " */;
DROP TRIGGER IF EXISTS seals_refuse_replace;
/*! DO " */
CREATE TRIGGER seals_refuse_replace BEFORE INSERT ON seals
WHEN EXISTS (SELECT 1 FROM seals WHERE number = NEW.number)
    OR EXISTS (SELECT 1 FROM seals WHERE entry_id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'seals has such a row already');
END
/*! " */;
DROP TRIGGER IF EXISTS closings_refuse_replace;
/*! DO " */
CREATE TRIGGER closings_refuse_replace BEFORE INSERT ON closings
WHEN EXISTS (SELECT 1 FROM closings WHERE closed_at = NEW.closed_at AND account = NEW.account)
BEGIN
    SELECT RAISE(ABORT, 'closings has such a row already');
END
/*! " */;
