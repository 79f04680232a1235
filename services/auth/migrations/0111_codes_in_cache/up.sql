-- One-time codes are in the cache from now on. What a code opened is recorded here, so that it opens nothing again
-- whatever becomes of the cache. `one_time_codes` is no longer used; a later version removes it, when none that runs
-- during an upgrade writes it.
ALTER TABLE sessions ADD COLUMN code_id BINARY(16) NULL;
CREATE UNIQUE INDEX sessions_code ON sessions (code_id);

-- Where an identifier signed in from: others cannot use up the limits of such an address.
CREATE TABLE sign_in_addresses (
    identifier      VARCHAR(254) NOT NULL,
    address         VARCHAR(64)  NOT NULL,
    last_sign_in_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (identifier, address)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX sign_in_addresses_age ON sign_in_addresses (last_sign_in_at);
