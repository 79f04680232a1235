CREATE INDEX users_by_name ON users (name_folded);
DROP INDEX users_by_active_buyer /*! ON users */;
DROP INDEX users_by_kyc /*! ON users */;
DROP INDEX users_by_words /*! ON users */;
ALTER TABLE users DROP COLUMN words_version;
DROP TABLE user_words;
/*! CREATE INDEX refresh_tokens_session_key ON refresh_tokens (session_id); */
DROP INDEX refresh_tokens_by_session /*! ON refresh_tokens */;
