DROP TABLE signing_keys;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE messages;
DROP TABLE signups;
DROP TABLE one_time_codes;
