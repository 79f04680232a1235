DROP INDEX audit_log_by_time /*! ON audit_log */;
DROP INDEX tds_records_sums /*! ON tds_records */;
DROP INDEX tds_records_by_quarter /*! ON tds_records */;
DROP INDEX tds_records_by_year /*! ON tds_records */;
