DROP TABLE referral_refunds;
DROP INDEX referrals_by_member /*! ON referrals */;
ALTER TABLE referrals DROP COLUMN standing_version;
