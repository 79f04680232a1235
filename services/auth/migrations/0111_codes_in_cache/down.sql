DROP TABLE sign_in_addresses;
DROP INDEX sessions_code /*! ON sessions */;
ALTER TABLE sessions DROP COLUMN code_id;
