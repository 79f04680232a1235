//! EMI reserves: amounts set aside for a member's instalments, which booking applies or releases.

use super::booking_transfer::require_positive;
use super::command::{Command, PairEarning, PayoutSettlement, Refund, ReserveUse};
use super::decision::{Decision, Effects, WaitKey};
use super::entry::{EntryBuilder, EntryHeader};
use super::{Account, LedgerError, LedgerSession, TransactionType};
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
    fn remaining(&self) -> Result<Money, LedgerError> {
        Ok(self.amount.sub(self.applied)?.sub(self.released)?)
    }
}

/// The reserve that `c` draws on, or the decision to wait until it exists. Errors with `ReserveMismatch` when it
/// belongs to another member or has too little left.
fn find_usable<'a>(c: &ReserveUse, ledger: &'a LedgerSession) -> Result<Result<&'a EmiReserve, Decision>, LedgerError> {
    let Some(reserve) = ledger.reserve(c.reserve_id)? else {
        return Ok(Err(Decision::Wait(WaitKey::EmiReserve(c.reserve_id))));
    };
    if reserve.user_id != c.user_id || reserve.remaining()? < require_positive(c.amount)? {
        return Err(LedgerError::ReserveMismatch);
    }
    Ok(Ok(reserve))
}

fn header(command: &Command, c: &ReserveUse) -> EntryHeader {
    EntryHeader {
        key: command.key(),
        member: c.user_id,
        amount: c.amount,
        at: c.at,
        plan_version: None,
        reverses: None,
    }
}

/// Applies a part of a reserve to an instalment: the amount goes to the booking receipts.
pub(super) fn decide_application(c: &ReserveUse, ledger: &LedgerSession) -> Result<Decision, LedgerError> {
    let reserve = match find_usable(c, ledger)? {
        Ok(reserve) => reserve,
        Err(wait) => return Ok(wait),
    };
    let entry = EntryBuilder::new()
        .post(Account::EmiReserve, c.amount.neg()?)
        .post(Account::BookingReceipts, c.amount)
        .build(header(&Command::ApplyReserve(c.clone()), c))?;
    let reserve = EmiReserve { applied: reserve.applied.add(c.amount)?, ..reserve.clone() };
    Ok(Effects { reserve: Some(reserve), ..entry.into() }.into())
}

/// Releases a part of a reserve to the available balance.
pub(super) fn decide_release(c: &ReserveUse, ledger: &LedgerSession) -> Result<Decision, LedgerError> {
    let reserve = match find_usable(c, ledger)? {
        Ok(reserve) => reserve,
        Err(wait) => return Ok(wait),
    };
    let text = "Released from what was put aside for your EMI".to_owned();
    let entry = EntryBuilder::new()
        .post(Account::EmiReserve, c.amount.neg()?)
        .post_visible(Account::Available, c.amount, TransactionType::EmiRelease, text)
        .build(header(&Command::ReleaseReserve(c.clone()), c))?;
    let reserve = EmiReserve { released: reserve.released.add(c.amount)?, ..reserve.clone() };
    Ok(Effects { reserve: Some(reserve), ..entry.into() }.into())
}
