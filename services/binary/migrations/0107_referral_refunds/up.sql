-- What a simulation needs to go through a referred member's payments and refunds in the order in which they took effect.
ALTER TABLE referrals ADD COLUMN standing_version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX referrals_by_member ON referrals (referred_id, standing_version);
CREATE TABLE referral_refunds (
    payment_id           BINARY(16) NOT NULL PRIMARY KEY,
    refund_id            BINARY(16) NOT NULL,
    referred_id          BINARY(16) NOT NULL,
    standing_version     BIGINT     NOT NULL,
    net_paid_after_paise BIGINT     NOT NULL,
    takes_own            BOOLEAN    NOT NULL,
    takes_other          BINARY(16) NULL
) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
CREATE INDEX referral_refunds_by_member ON referral_refunds (referred_id, standing_version);
