-- Who may be placed: a projection of auth's facts, the highest version wins.
CREATE TABLE IF NOT EXISTS members (
    user_id        BINARY(16)   NOT NULL PRIMARY KEY,
    version        BIGINT       NOT NULL,
    name           VARCHAR(255) NOT NULL,
    referrer_id    BINARY(16)   NULL,
    preferred_side VARCHAR(8)   NULL,
    is_distributor BOOLEAN      NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

-- Every payment the tree has heard of, once for ever; one that does not concern it is noted all the same.
CREATE TABLE IF NOT EXISTS payments (
    payment_id   BINARY(16) NOT NULL PRIMARY KEY,
    user_id      BINARY(16) NOT NULL,
    amount_paise BIGINT     NOT NULL,
    is_counted   BOOLEAN    NOT NULL,
    refund_id    BINARY(16) NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
