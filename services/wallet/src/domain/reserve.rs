//! What was put aside for a member's EMI, and what booking makes of it.

use super::books::{Decision, Effects, WaitKey};
use super::command::{Command, PairEarning, Refund, ReserveUse, Settlement};
use super::entry::{Header, Lines};
use super::receipt::positive;
use super::{Account, Books, LedgerError, TransactionType};
use domain::{Money, ReserveId, Timestamp, UserId};
use uuid::Uuid;

domain::text_enum! {
    /// Where a reserve comes from.
    pub enum ReserveSource { Pair = "pair", Payout = "payout", Refund = "refund" }
}

/// One amount put aside. What was applied and released never exceeds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserve {
    pub reserve_id: ReserveId,
    pub user_id: UserId,
    pub amount: Money,
    pub applied: Money,
    pub released: Money,
    pub source: ReserveSource,
    pub source_id: Uuid,
    pub reserved_at: Timestamp,
}

impl Reserve {
    pub(super) fn of_pair(c: &PairEarning) -> Self {
        Self::new(c.reserve_id, c.earner_id, c.emi_deduction, (ReserveSource::Pair, c.pair_id), c.at)
    }
    pub(super) fn of_payout(c: &Settlement) -> Self {
        Self::new(c.reserve_id, c.user_id, c.emi, (ReserveSource::Payout, c.payout_id.uuid()), c.at)
    }
    pub(super) fn of_refund(c: &Refund) -> Self {
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
    /// Nothing was done with it yet.
    pub fn is_new(&self) -> bool {
        self.applied.is_zero() && self.released.is_zero()
    }
    fn left(&self) -> Result<Money, LedgerError> {
        Ok(self.amount.sub(self.applied)?.sub(self.released)?)
    }
}

/// The reserve `c` takes from, if it holds enough, or what to do instead.
fn usable<'a>(c: &ReserveUse, books: &'a Books) -> Result<Result<&'a Reserve, Decision>, LedgerError> {
    let Some(reserve) = books.reserve(c.reserve_id)? else {
        return Ok(Err(Decision::Wait(WaitKey::Reserve(c.reserve_id))));
    };
    if reserve.user_id != c.user_id || reserve.left()? < positive(c.amount)? {
        return Err(LedgerError::NotTheReserve);
    }
    Ok(Ok(reserve))
}

fn header(command: &Command, c: &ReserveUse) -> Header {
    Header { key: command.key(), member: c.user_id, amount: c.amount, at: c.at, plan_version: None, reverses: None }
}

pub(super) fn apply(c: &ReserveUse, books: &Books) -> Result<Decision, LedgerError> {
    let reserve = match usable(c, books)? {
        Ok(reserve) => reserve,
        Err(instead) => return Ok(instead),
    };
    let entry = Lines::new()
        .book(Account::EmiReserve, c.amount.neg()?)
        .book(Account::BookingReceipts, c.amount)
        .entry(header(&Command::ApplyReserve(c.clone()), c))?;
    let reserve = Reserve { applied: reserve.applied.add(c.amount)?, ..reserve.clone() };
    Ok(Effects { reserve: Some(reserve), ..entry.into() }.into())
}

pub(super) fn release(c: &ReserveUse, books: &Books) -> Result<Decision, LedgerError> {
    let reserve = match usable(c, books)? {
        Ok(reserve) => reserve,
        Err(instead) => return Ok(instead),
    };
    let text = "Released from what was put aside for your EMI".to_owned();
    let entry = Lines::new()
        .book(Account::EmiReserve, c.amount.neg()?)
        .show(Account::Available, c.amount, TransactionType::EmiRelease, text)
        .entry(header(&Command::ReleaseReserve(c.clone()), c))?;
    let reserve = Reserve { released: reserve.released.add(c.amount)?, ..reserve.clone() };
    Ok(Effects { reserve: Some(reserve), ..entry.into() }.into())
}
