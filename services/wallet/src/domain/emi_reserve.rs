//! EMI reserves: amounts set aside for a member's instalments, which booking applies or releases.

use super::LedgerError;
use domain::{Money, ReserveId, Timestamp, UserId};
use uuid::Uuid;

pub use proto_events::vocabulary::ReserveSource;

/// One amount set aside for EMI. Applied and released amounts together never exceed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmiReserve {
    pub reserve_id: ReserveId,
    pub user_id: UserId,
    pub amount: Money,
    pub applied: Money,
    pub released: Money,
    pub source: ReserveSource,
    pub source_id: Uuid,
    pub reserved_at: Timestamp,
}

impl EmiReserve {
    /// A reserve of which nothing was applied or released yet.
    pub(super) fn new(
        reserve_id: ReserveId,
        user_id: UserId,
        amount: Money,
        (source, source_id): (ReserveSource, Uuid),
        reserved_at: Timestamp,
    ) -> Self {
        let (applied, released) = (Money::ZERO, Money::ZERO);
        Self { reserve_id, user_id, amount, applied, released, source, source_id, reserved_at }
    }
    /// Whether nothing of it was applied or released yet.
    pub fn is_new(&self) -> bool {
        self.applied.is_zero() && self.released.is_zero()
    }
    /// The amount that is neither applied nor released yet. Errors when a subtraction overflows.
    pub(super) fn remaining(&self) -> Result<Money, LedgerError> {
        Ok(self.amount.sub(self.applied)?.sub(self.released)?)
    }
}
