DROP INDEX audit_log_by_user_time /*! ON audit_log */;
DROP INDEX audit_log_by_subject_time /*! ON audit_log */;
DROP INDEX audit_log_by_actor_time /*! ON audit_log */;
DROP INDEX audit_log_by_time /*! ON audit_log */;
DROP INDEX tds_records_sums /*! ON tds_records */;
DROP INDEX tds_records_by_quarter /*! ON tds_records */;
DROP INDEX tds_records_by_year /*! ON tds_records */;
