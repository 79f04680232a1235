//! The chart of accounts.

domain::text_enum! {
    /// A kind of account. Members have the first five each, the company one of each of the others.
    ///
    /// A positive balance is what the company owes (a credit), a negative one what it is owed or has spent.
    pub enum Account {
        /// What the member may spend.
        Available = "available",
        /// Set aside for payouts that are being decided.
        Held = "held",
        /// Deducted for the member's EMI; booking decides what becomes of it.
        EmiReserve = "emi_reserve",
        /// Deducted under the plan's reserve rate; staff release it.
        Reserve = "reserve",
        /// What the member owes for reversed earnings already spent: never above zero.
        ClawbackDue = "clawback_due",
        ReferralExpense = "referral_expense",
        PairExpense = "pair_expense",
        TdsPayable = "tds_payable",
        BookingReceipts = "booking_receipts",
        /// Approved payouts that the bank has not answered yet.
        PayoutClearing = "payout_clearing",
        Bank = "bank",
        Adjustments = "adjustments",
    }
}

impl Account {
    pub const fn is_members(self) -> bool {
        match self {
            Self::Available | Self::Held | Self::EmiReserve | Self::Reserve | Self::ClawbackDue => true,
            Self::ReferralExpense
            | Self::PairExpense
            | Self::TdsPayable
            | Self::BookingReceipts
            | Self::PayoutClearing
            | Self::Bank
            | Self::Adjustments => false,
        }
    }
    /// Whether the account is part of the balance a member sees: available and held.
    pub const fn is_balance(self) -> bool {
        matches!(self, Self::Available | Self::Held)
    }
}
