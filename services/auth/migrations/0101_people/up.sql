CREATE TABLE users (
    id               BINARY(16)   NOT NULL PRIMARY KEY,
    version          BIGINT       NOT NULL,
    email            VARCHAR(254) NULL,
    mobile           VARCHAR(16)  NULL,
    name             VARCHAR(100) NOT NULL,
    name_folded      VARCHAR(200) NOT NULL,
    role             VARCHAR(8)   NOT NULL,
    is_distributor   BOOLEAN      NOT NULL,
    is_active        BOOLEAN      NOT NULL,
    is_active_buyer  BOOLEAN      NOT NULL,
    standing_version BIGINT       NOT NULL,
    placed           BOOLEAN      NOT NULL,
    preferred_side   VARCHAR(8)   NULL,
    referral_code    VARCHAR(8)   NOT NULL,
    referrer_id      BINARY(16)   NULL,
    kyc_status       VARCHAR(8)   NOT NULL,
    kyc_version      BIGINT       NOT NULL,
    created_at       DATETIME(6)  NOT NULL,
    CONSTRAINT users_email UNIQUE (email),
    CONSTRAINT users_mobile UNIQUE (mobile),
    CONSTRAINT users_referral_code UNIQUE (referral_code),
    CONSTRAINT users_referrer FOREIGN KEY (referrer_id) REFERENCES users (id),
    CONSTRAINT users_reachable CHECK (email IS NOT NULL OR mobile IS NOT NULL)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX users_by_referrer ON users (referrer_id, id);
CREATE INDEX users_by_role ON users (role, id);
CREATE INDEX users_by_name ON users (name_folded);

CREATE TABLE profiles (
    user_id       BINARY(16)   NOT NULL PRIMARY KEY,
    first_name    VARCHAR(100) NULL,
    last_name     VARCHAR(100) NULL,
    gender        VARCHAR(8)   NULL,
    date_of_birth VARCHAR(10)  NULL,
    line1         VARCHAR(200) NULL,
    line2         VARCHAR(200) NULL,
    city          VARCHAR(100) NULL,
    state         VARCHAR(100) NULL,
    pincode       VARCHAR(6)   NULL,
    country       VARCHAR(60)  NULL,
    CONSTRAINT profiles_user FOREIGN KEY (user_id) REFERENCES users (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE nominees (
    user_id       BINARY(16)   NOT NULL PRIMARY KEY,
    name          VARCHAR(100) NOT NULL,
    relationship  VARCHAR(50)  NOT NULL,
    date_of_birth VARCHAR(10)  NOT NULL,
    updated_at    DATETIME(6)  NOT NULL,
    CONSTRAINT nominees_user FOREIGN KEY (user_id) REFERENCES users (id)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
