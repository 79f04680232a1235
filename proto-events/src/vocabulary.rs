//! Values of the text fields of events that name a state, a kind or a cause: one declaration each, for the service that
//! publishes a value and for those that read it. Which state follows which is decided in the publishing service.
//!
//! Roles, sides, KYC states and payment methods are in `domain::vocabulary`, because rules of that crate use them.

domain::text_enum! {
    /// Status of a booking.
    pub enum BookingStatus {
        /// Less than the booking amount is paid.
        PreBooked = "pre_booked",
        /// The booking amount is paid.
        Confirmed = "confirmed",
        /// The whole price is paid.
        Completed = "completed",
        Cancelled = "cancelled",
        /// Nothing was paid within the configured hours.
        Expired = "expired",
        /// The vehicle was handed over. It counts as completed.
        Delivered = "delivered",
        /// The vehicle was returned, and what was paid is refunded.
        Returned = "returned",
    }
}

impl BookingStatus {
    /// Whether the booking is neither cancelled, expired nor returned.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::PreBooked | Self::Confirmed | Self::Completed | Self::Delivered)
    }

    /// Whether the whole price is paid.
    pub const fn is_paid_in_full(self) -> bool {
        matches!(self, Self::Completed | Self::Delivered)
    }
}

domain::text_enum! {
    /// Status of an instalment.
    pub enum InstalmentStatus { Pending = "pending", Paid = "paid", Overdue = "overdue" }
}

domain::text_enum! {
    /// Kind of a reminder of an instalment.
    pub enum ReminderKind {
        /// Some days before the due date.
        Ahead = "ahead",
        /// On the due date.
        DueToday = "due_today",
    }
}

domain::text_enum! {
    /// Destination of a refund.
    pub enum RefundTo {
        Wallet = "wallet",
        /// Through the gateway that captured the payment.
        Source = "source",
        EmiReserve = "emi_reserve",
    }
}

domain::text_enum! {
    /// Why received money did not complete its payment; the `cause` of a `PaymentReturned`.
    pub enum ReturnCause {
        BookingCancelled = "booking_cancelled",
        OrderSuperseded = "order_superseded",
        AlreadyPaid = "already_paid",
        NotPayable = "not_payable",
        AmountDiffers = "amount_differs",
        SourceRefundFailed = "source_refund_failed",
        /// The booking had expired, and its vehicle has no unit left.
        SoldOut = "sold_out",
    }
}

domain::text_enum! {
    /// State of a payout.
    pub enum PayoutStatus {
        /// Requested by the member; the wallet has not decided the hold yet.
        Requested = "requested",
        /// The wallet holds the money; staff decide.
        Pending = "pending",
        /// Approved by staff; tax and EMI are fixed, and the wallet captures the hold.
        Approved = "approved",
        /// Sent to the bank.
        Processing = "processing",
        /// Paid by the bank, or fully used by tax and EMI.
        Completed = "completed",
        /// Rejected by staff, or because the wallet refused the hold.
        Rejected = "rejected",
        /// Cancelled by the member while pending.
        Cancelled = "cancelled",
        /// The bank did not pay.
        Failed = "failed",
        /// The bank paid and later returned the money.
        Reversed = "reversed",
    }
}

domain::text_enum! {
    /// The type of a line on a member's statement.
    pub enum TransactionType {
        ReferralBonus = "REFERRAL_BONUS",
        BinaryPair = "BINARY_PAIR",
        EmiDeduction = "EMI_DEDUCTION",
        ReserveDeduction = "RESERVE_DEDUCTION",
        Payout = "PAYOUT",
        Deposit = "DEPOSIT",
        Refund = "REFUND",
        EmiRelease = "EMI_RELEASE",
        ReserveRelease = "RESERVE_RELEASE",
        BookingPayment = "BOOKING_PAYMENT",
        Reversal = "REVERSAL",
        Clawback = "CLAWBACK",
        Adjustment = "ADJUSTMENT",
    }
}

domain::text_enum! {
    /// The source of a reserve: the kind of cause that set it aside.
    pub enum ReserveSource { Pair = "pair", Payout = "payout", Refund = "refund" }
}

domain::text_enum! {
    /// Status of a pair.
    pub enum PairStatus {
        Matched = "matched",
        /// Over the limit of a plan that flushes: both members are used and the pair pays nothing.
        Flushed = "flushed",
        /// One of its members stopped counting.
        Voided = "voided",
    }
}

domain::text_enum! {
    /// Why pairs were matched without a placement; the `cause` of a `PairsMatched`.
    pub enum MatchCause {
        /// A new period of the pair limit began.
        PeriodOpened = "period_opened",
        /// A voided pair freed a member.
        Rematched = "rematched",
        /// A member counts again after a new payment.
        CountedAgain = "counted_again",
        /// A member got the distributor label.
        Labelled = "labelled",
    }
}

domain::text_enum! {
    /// What happened to a grievance.
    pub enum GrievanceStep {
        Filed = "filed",
        Acknowledged = "acknowledged",
        /// A member of staff got it.
        Assigned = "assigned",
        Replied = "replied",
        /// To the officer for grievances: by staff, or because a deadline has passed.
        Escalated = "escalated",
        Closed = "closed",
        Reopened = "reopened",
    }
}
