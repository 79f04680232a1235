DROP INDEX instalments_by_reminder /*! ON instalments */;
ALTER TABLE instalments DROP COLUMN reminded;
