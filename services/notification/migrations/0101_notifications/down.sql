DROP TABLE muted_kinds;
DROP TABLE notifications;
