DROP INDEX documents_by_status_time /*! ON documents */;
DROP INDEX audit_log_by_role_time /*! ON audit_log */;
DROP INDEX audit_log_by_subject_type_time /*! ON audit_log */;
DROP INDEX audit_log_by_service_time /*! ON audit_log */;
DROP INDEX audit_log_by_action_time /*! ON audit_log */;
