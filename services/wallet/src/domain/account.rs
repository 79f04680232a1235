//! The chart of accounts.

domain::text_enum! {
    /// A ledger account. Each member has one of each of the first five, the company one of each of the others.
    ///
    /// A positive balance is a credit: the company owes it. A negative balance is a debit: an asset or an expense.
    pub enum Account {
        /// The amount that the member may spend.
        Available = "available",
        /// Held for payouts that await a decision.
        Held = "held",
        /// Deducted for the member's EMI; booking applies or releases it.
        EmiReserve = "emi_reserve",
        /// Deducted at the plan's reserve rate; staff release it.
        Reserve = "reserve",
        /// Owed by the member for reversed earnings that were already spent; never above zero.
        ClawbackDue = "clawback_due",
        /// Referral bonuses paid.
        ReferralExpense = "referral_expense",
        /// Pair earnings paid.
        PairExpense = "pair_expense",
        /// Tax deducted from payouts and owed to the government.
        TdsPayable = "tds_payable",
        /// Money that bookings have received from wallets and reserves, less refunds to wallets.
        BookingReceipts = "booking_receipts",
        /// Approved payouts that the bank has not confirmed yet.
        PayoutClearing = "payout_clearing",
        /// The company's bank account.
        Bank = "bank",
        /// The counter-account of adjustments by administrators.
        Adjustments = "adjustments",
    }
}

impl Account {
    /// Whether members have this account, not the company.
    pub const fn is_member_account(self) -> bool {
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
    /// Whether the account counts in the balance that a member sees: available and held.
    pub const fn counts_in_balance(self) -> bool {
        matches!(self, Self::Available | Self::Held)
    }
}
