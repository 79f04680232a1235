-- The journal, newest first: of all members, of one, and of one kind.
CREATE INDEX journal_entries_by_time ON journal_entries (posted_at);
CREATE INDEX journal_entries_by_member ON journal_entries (member_id, posted_at);
CREATE INDEX journal_entries_by_kind ON journal_entries (kind, posted_at);
