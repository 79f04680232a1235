CREATE INDEX messages_due ON messages (try_at);
DROP INDEX messages_age /*! ON messages */;
DROP INDEX messages_by_channel /*! ON messages */;
ALTER TABLE messages DROP COLUMN channel;
