-- Browsers and networks from which a user signed in, so that a sign-in from a new one is announced. Filled by the next
-- sign-ins; until then the live sessions of a user say which devices are known.
CREATE TABLE known_devices (
    user_id         BINARY(16)  NOT NULL,
    family          VARCHAR(40) NOT NULL,
    network         VARCHAR(64) NOT NULL,
    last_sign_in_at DATETIME(6) NOT NULL,
    PRIMARY KEY (user_id, family, network)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX known_devices_age ON known_devices (last_sign_in_at);
