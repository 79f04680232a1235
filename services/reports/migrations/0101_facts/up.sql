-- Members, bookings, wallets and payouts as last told: the highest version wins.
CREATE TABLE members (
    user_id         BINARY(16)  NOT NULL PRIMARY KEY,
    version         BIGINT      NOT NULL,
    role            VARCHAR(16) NOT NULL,
    is_active_buyer BOOLEAN     NOT NULL,
    referrer_id     BINARY(16)  NULL,
    joined_on       VARCHAR(10) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX members_of_role ON members (role, is_active_buyer, joined_on);
CREATE INDEX members_referred ON members (referrer_id, is_active_buyer);

CREATE TABLE bookings (
    booking_id  BINARY(16)  NOT NULL PRIMARY KEY,
    version     BIGINT      NOT NULL,
    user_id     BINARY(16)  NOT NULL,
    status      VARCHAR(16) NOT NULL,
    price_paise BIGINT      NOT NULL,
    booked_on   VARCHAR(10) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX bookings_of_status ON bookings (status);
CREATE INDEX bookings_of_day ON bookings (booked_on, price_paise);
CREATE INDEX bookings_of_member ON bookings (user_id, status);

CREATE TABLE wallets (
    user_id               BINARY(16) NOT NULL PRIMARY KEY,
    version               BIGINT     NOT NULL,
    available_paise       BIGINT     NOT NULL,
    held_paise            BIGINT     NOT NULL,
    emi_reserve_paise     BIGINT     NOT NULL,
    reserve_paise         BIGINT     NOT NULL,
    clawback_due_paise    BIGINT     NOT NULL,
    total_earned_paise    BIGINT     NOT NULL,
    total_withdrawn_paise BIGINT     NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;

CREATE TABLE payouts (
    payout_id       BINARY(16)  NOT NULL PRIMARY KEY,
    version         BIGINT      NOT NULL,
    user_id         BINARY(16)  NOT NULL,
    status          VARCHAR(16) NOT NULL,
    requested_paise BIGINT      NOT NULL,
    tds_paise       BIGINT      NOT NULL,
    emi_paise       BIGINT      NOT NULL,
    net_paise       BIGINT      NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX payouts_of_status ON payouts (status, requested_paise, tds_paise);
CREATE INDEX payouts_of_member ON payouts (user_id, status, requested_paise);

-- What happened, each fact once by its key, on its Indian day.
CREATE TABLE receipts (
    fact_id      BINARY(16)  NOT NULL,
    kind         VARCHAR(16) NOT NULL,
    user_id      BINARY(16)  NOT NULL,
    method       VARCHAR(16) NULL,
    amount_paise BIGINT      NOT NULL,
    happened_on  VARCHAR(10) NOT NULL,
    PRIMARY KEY (fact_id, kind)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX receipts_of_day ON receipts (happened_on, kind, method, amount_paise);
CREATE INDEX receipts_of_member ON receipts (user_id, kind, method, amount_paise);

CREATE TABLE wallet_transactions (
    transaction_id BINARY(16)  NOT NULL PRIMARY KEY,
    user_id        BINARY(16)  NOT NULL,
    kind           VARCHAR(32) NOT NULL,
    amount_paise   BIGINT      NOT NULL,
    happened_on    VARCHAR(10) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX wallet_transactions_of_day ON wallet_transactions (happened_on, kind, amount_paise);

CREATE TABLE placements (
    user_id   BINARY(16)  NOT NULL PRIMARY KEY,
    side      VARCHAR(8)  NOT NULL,
    manual    BOOLEAN     NOT NULL,
    placed_on VARCHAR(10) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX placements_of_day ON placements (placed_on);

-- A pair is matched or flushed once, and a matched one may be voided once: whichever is told first.
CREATE TABLE pair_facts (
    pair_id             BINARY(16)  NOT NULL,
    fact                VARCHAR(16) NOT NULL,
    earner_id           BINARY(16)  NOT NULL,
    gross_paise         BIGINT      NOT NULL,
    emi_deduction_paise BIGINT      NOT NULL,
    happened_on         VARCHAR(10) NOT NULL,
    PRIMARY KEY (pair_id, fact)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX pair_facts_of_day ON pair_facts (happened_on, fact);
CREATE INDEX pair_facts_of_member ON pair_facts (earner_id, fact);

CREATE TABLE payout_steps (
    payout_id       BINARY(16)  NOT NULL,
    status          VARCHAR(16) NOT NULL,
    requested_paise BIGINT      NOT NULL,
    tds_paise       BIGINT      NOT NULL,
    emi_paise       BIGINT      NOT NULL,
    net_paise       BIGINT      NOT NULL,
    happened_on     VARCHAR(10) NOT NULL,
    PRIMARY KEY (payout_id, status)
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX payout_steps_of_day ON payout_steps (happened_on, status);
