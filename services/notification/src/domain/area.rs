//! Areas of a member's data that an open stream reports as changed.

domain::text_enum! {
    /// Part of a member's data of which a client may hold an older state.
    pub enum Area {
        /// Balances and transactions.
        Wallet = "wallet",
        Payout = "payout",
        /// Bookings, their payments and instalments.
        Booking = "booking",
        /// Placements, pairs and direct referrals.
        Tree = "tree",
        /// KYC and its documents.
        Kyc = "kyc",
    }
}
