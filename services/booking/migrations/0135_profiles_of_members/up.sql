-- The language in which a member reads documents, as auth last published it. A member without a row reads English.
CREATE TABLE document_languages (
    user_id  BINARY(16) NOT NULL PRIMARY KEY,
    version  BIGINT     NOT NULL,
    language VARCHAR(2) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
-- Version of the name. A name of an earlier release has none.
ALTER TABLE members ADD COLUMN profile_version BIGINT NOT NULL DEFAULT 0;
