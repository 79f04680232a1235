-- Each channel is a queue of its own. An older version that still runs does not name the channel: whoever claims its
-- row reads the channel from the message and corrects it.
ALTER TABLE messages ADD COLUMN channel VARCHAR(8) NOT NULL DEFAULT 'email';
CREATE INDEX messages_by_channel ON messages (channel, try_at, id);
CREATE INDEX messages_age ON messages (expires_at);
DROP INDEX messages_due /*! ON messages */;
