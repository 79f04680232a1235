DROP INDEX journal_entries_by_kind /*! ON journal_entries */;
DROP INDEX journal_entries_by_member /*! ON journal_entries */;
DROP INDEX journal_entries_by_time /*! ON journal_entries */;
