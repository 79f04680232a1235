-- What a referral bonus was decided on, for every payment of somebody who was referred: the tree does not need it, a
-- simulation of another plan does.
CREATE TABLE IF NOT EXISTS referrals (
    payment_id            BINARY(16)  NOT NULL PRIMARY KEY,
    referred_id           BINARY(16)  NOT NULL,
    referrer_id           BINARY(16)  NOT NULL,
    amount_paise          BIGINT      NOT NULL,
    method                VARCHAR(16) NOT NULL,
    on_first_booking      BOOLEAN     NOT NULL,
    net_paid_before_paise BIGINT      NOT NULL,
    net_paid_after_paise  BIGINT      NOT NULL,
    bonus_paise           BIGINT      NOT NULL,
    is_once_a_member      BOOLEAN     NOT NULL,
    completed_at          DATETIME(6) NOT NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
