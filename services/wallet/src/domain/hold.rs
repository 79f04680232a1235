//! Holds: amounts held for payouts.

use domain::{Money, PayoutId, Timestamp, UserId};

domain::text_enum! {
    /// The state of a hold.
    pub enum HoldState { Placed = "placed", Captured = "captured", Released = "released" }
}

/// Money held for one payout. It is captured or released as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub payout_id: PayoutId,
    pub user_id: UserId,
    pub amount: Money,
    pub state: HoldState,
    pub changed_at: Timestamp,
}
