DROP TRIGGER IF EXISTS journal_entries_refuse_update;
DROP TRIGGER IF EXISTS journal_entries_refuse_delete;
DROP TRIGGER IF EXISTS postings_refuse_update;
DROP TRIGGER IF EXISTS postings_refuse_delete;
DROP TRIGGER IF EXISTS forfeits_refuse_update;
DROP TRIGGER IF EXISTS forfeits_refuse_delete;
