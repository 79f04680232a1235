//! EMI reserves: amounts set aside for a member's instalments, which booking applies or releases.

use super::LedgerError;
use super::command::{PairEarning, PayoutSettlement, Refund};
use domain::{Money, ReserveId, Timestamp, UserId};
use uuid::Uuid;

domain::text_enum! {
    /// The source of a reserve: the kind of cause that set it aside.
    pub enum ReserveSource { Pair = "pair", Payout = "payout", Refund = "refund" }
}

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
    /// The reserve of a pair earning's EMI deduction.
    pub(super) fn for_pair(c: &PairEarning) -> Self {
        Self::new(c.reserve_id, c.earner_id, c.emi_deduction, (ReserveSource::Pair, c.pair_id), c.at)
    }
    /// The reserve of a payout's EMI part.
    pub(super) fn for_payout(c: &PayoutSettlement) -> Self {
        Self::new(c.reserve_id, c.user_id, c.emi, (ReserveSource::Payout, c.payout_id.uuid()), c.at)
    }
    /// The reserve of a refund.
    pub(super) fn for_refund(c: &Refund) -> Self {
        Self::new(c.reserve_id, c.user_id, c.amount, (ReserveSource::Refund, c.refund_id), c.at)
    }
    fn new(
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
