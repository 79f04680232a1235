DROP INDEX audit_log_by_user_time /*! ON audit_log */;
DROP INDEX audit_log_by_subject_time /*! ON audit_log */;
DROP INDEX audit_log_by_actor_time /*! ON audit_log */;
DROP INDEX audit_log_by_time /*! ON audit_log */;
DROP INDEX tds_records_sums /*! ON tds_records */;
CREATE INDEX tds_records_of_year ON tds_records (financial_year, quarter, pan_index);
DROP INDEX tds_records_by_pan /*! ON tds_records */;
DROP INDEX tds_records_by_year /*! ON tds_records */;
