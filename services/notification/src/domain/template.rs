//! Codes of the texts of notifications.

domain::text_enum! {
    /// Code of a text, stable for clients that translate it. Each names the parameters of its text; amounts are rupees
    /// as decimal text, and a `reason` may be empty.
    pub enum Template {
        /// `referral_code`
        Welcome = "welcome",
        KycApproved = "kyc_approved",
        /// `reason`
        KycRejected = "kyc_rejected",
        DistributorApproved = "distributor_approved",
        /// `reason`
        DistributorRejected = "distributor_rejected",
        /// `booking_number`, `vehicle`
        BookingConfirmed = "booking_confirmed",
        /// `booking_number`, `vehicle`
        BookingCompleted = "booking_completed",
        /// `booking_number`, `vehicle`
        BookingCancelled = "booking_cancelled",
        /// `booking_number`, `vehicle`
        BookingExpired = "booking_expired",
        /// `booking_number`, `vehicle`
        BookingDelivered = "booking_delivered",
        /// `booking_number`, `vehicle`
        BookingReturned = "booking_returned",
        /// `amount`, `booking_number`
        PaymentReceived = "payment_received",
        /// Money of the wallet paid for a booking: `amount`, `booking_number`
        WalletPayment = "wallet_payment",
        /// `amount`, `booking_number`
        PaymentRefunded = "payment_refunded",
        /// No booking could take the money: `amount`, `booking_number`
        PaymentReturned = "payment_returned",
        /// The refund failed at its source: `amount`, `booking_number`
        RefundReturned = "refund_returned",
        /// `n`, `booking_number`, `amount`, `due_on`
        InstalmentOverdue = "instalment_overdue",
        /// `n`, `booking_number`, `amount`, `due_on`
        InstalmentComing = "instalment_coming",
        /// `n`, `booking_number`, `amount`, `due_on`
        InstalmentDueToday = "instalment_due_today",
        /// `amount`
        ReferralBonus = "referral_bonus",
        /// `amount`
        PairEarning = "pair_earning",
        /// `amount`
        EarningReversed = "earning_reversed",
        /// `amount`
        EarningRecovered = "earning_recovered",
        /// `amount`
        Deposit = "deposit",
        /// `amount`
        Refund = "refund",
        /// `amount`
        ReserveReleased = "reserve_released",
        /// `amount`
        Adjustment = "adjustment",
        /// `level`
        MemberPlaced = "member_placed",
        /// A new period opened: `numbers`, `count`
        PairsMatchedInPeriod = "pairs_matched_in_period",
        /// An earlier pair set a member free: `numbers`, `count`
        PairsRematched = "pairs_rematched",
        /// A member counts again: `numbers`, `count`
        PairsMatched = "pairs_matched",
        /// `numbers`, `count`
        PairsVoided = "pairs_voided",
        DocumentVerified = "document_verified",
        /// `reason`
        DocumentRejected = "document_rejected",
        /// `number`
        GrievanceFiled = "grievance_filed",
        /// `number`
        GrievanceAcknowledged = "grievance_acknowledged",
        /// `number`
        GrievanceReplied = "grievance_replied",
        /// `number`
        GrievanceEscalated = "grievance_escalated",
        /// `number`, `reason`
        GrievanceClosed = "grievance_closed",
        /// `number`
        GrievanceReopened = "grievance_reopened",
        /// `financial_year`
        CertificateIssued = "certificate_issued",
        /// `amount`
        PayoutRequested = "payout_requested",
        /// `amount`
        PayoutApproved = "payout_approved",
        /// `amount`
        PayoutCancelled = "payout_cancelled",
        /// `net`, `account`
        PayoutCompleted = "payout_completed",
        /// Nothing was left to transfer: `amount`
        PayoutCompletedEmpty = "payout_completed_empty",
        /// `amount`, `reason`
        PayoutRejected = "payout_rejected",
        /// `amount`, `reason`
        PayoutFailed = "payout_failed",
        /// `amount`, `reason`
        PayoutReversed = "payout_reversed",
        /// `device`, `network`, `at`
        NewDevice = "new_device",
    }
}
