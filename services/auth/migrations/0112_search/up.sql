-- People are found by how any word of their name, addresses or referral code begins.
CREATE TABLE user_words (
    word    VARCHAR(64) NOT NULL,
    user_id BINARY(16)  NOT NULL,
    PRIMARY KEY (word, user_id),
    CONSTRAINT user_words_user FOREIGN KEY (user_id) REFERENCES users (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX user_words_by_user ON user_words (user_id, word);

-- Those who are there already get their words from a job: 0 says that they have none.
ALTER TABLE users ADD COLUMN words_version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX users_by_words ON users (words_version, id);
CREATE INDEX users_by_kyc ON users (kyc_status, id);
CREATE INDEX users_by_active_buyer ON users (is_active_buyer, id);
DROP INDEX users_by_name /*! ON users */;

-- MySQL has an index for every foreign key, SQLite only those that are asked for.
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
