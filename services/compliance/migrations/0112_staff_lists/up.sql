-- What was done, newest first, by action, by service, by type of subject and by role. The first also has the distinct
-- actions.
CREATE INDEX audit_log_by_action_time ON audit_log (action, acted_at, id);
CREATE INDEX audit_log_by_service_time ON audit_log (service, acted_at, id);
CREATE INDEX audit_log_by_subject_type_time ON audit_log (subject_type, acted_at, id);
CREATE INDEX audit_log_by_role_time ON audit_log (role, acted_at, id);
-- What waits for a review, by the time of the upload.
CREATE INDEX documents_by_status_time ON documents (status, uploaded_at);
