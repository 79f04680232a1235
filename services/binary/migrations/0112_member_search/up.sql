-- Members are found by prefixes of the words of their name or referral code. The code is null until the next event of a
-- member who was known before.
ALTER TABLE members ADD COLUMN referral_code VARCHAR(32) NULL;
-- Members who are known already get their words from a job: 0 means that they have none.
ALTER TABLE members ADD COLUMN words_version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX members_by_words ON members (words_version, user_id);

CREATE TABLE member_words (
    word    VARCHAR(64) NOT NULL,
    user_id BINARY(16)  NOT NULL,
    PRIMARY KEY (word, user_id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX member_words_by_member ON member_words (user_id);
