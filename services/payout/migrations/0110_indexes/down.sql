DROP INDEX bank_accounts_of_member /*! ON bank_accounts */;
DROP INDEX payouts_by_status_time /*! ON payouts */;
DROP INDEX payouts_by_user_status /*! ON payouts */;
/*! ALTER TABLE payouts ADD INDEX payouts_batch (batch_id) */;
DROP INDEX payouts_by_batch /*! ON payouts */;
