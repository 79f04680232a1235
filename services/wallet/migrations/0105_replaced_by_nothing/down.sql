DROP TRIGGER IF EXISTS journal_entries_refuse_replace;
DROP TRIGGER IF EXISTS postings_refuse_replace;
DROP TRIGGER IF EXISTS forfeits_refuse_replace;
DROP TRIGGER IF EXISTS seals_refuse_replace;
DROP TRIGGER IF EXISTS closings_refuse_replace;
