DROP INDEX payouts_by_user_status_time /*! ON payouts */;
DROP INDEX payouts_by_approvals_needed /*! ON payouts */;
DROP INDEX payouts_by_time /*! ON payouts */;
