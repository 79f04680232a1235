DROP TABLE member_words;
DROP INDEX members_by_words /*! ON members */;
ALTER TABLE members DROP COLUMN words_version;
ALTER TABLE members DROP COLUMN referral_code;
