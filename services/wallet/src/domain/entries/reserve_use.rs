//! Uses of an EMI reserve: the application to an instalment, and the release to the available balance.

use super::amount::require_positive;
use super::{
    Account, Cause, CommandInputs, Decision, Derivation, Effects, EntryBuilder, EntryKey, EntryRule, ExplainedLine,
    LedgerError, LoadedRows, NotPosted, RowKeys, TransactionType, WaitKey, booking_label,
};
use crate::domain::emi_reserve::EmiReserve;
use domain::{Money, ReserveId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Booking applies a part of an EMI reserve to an instalment, or releases it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveUse {
    /// The id of the application or the release.
    pub use_id: Uuid,
    pub reserve_id: ReserveId,
    pub user_id: UserId,
    pub amount: Money,
    pub booking_number: String,
    pub instalment: u32,
    pub reason: String,
    pub at: Timestamp,
}

impl CommandInputs for ReserveUse {
    fn cause(&self) -> Cause {
        Cause { id: self.use_id, member: self.user_id, at: self.at }
    }

    fn label(&self) -> Option<String> {
        booking_label(&self.booking_number)
    }
}

impl ReserveUse {
    /// The reserve that is drawn on. Waits until it exists; errors with `ReserveMismatch` when it belongs to another
    /// member or has too little left.
    fn find_usable<'a>(&self, rows: &'a LoadedRows) -> Result<&'a EmiReserve, NotPosted> {
        let wait = NotPosted::Waiting(WaitKey::EmiReserve(self.reserve_id));
        let reserve = rows.reserve(self.reserve_id)?.ok_or(wait)?;
        if reserve.user_id != self.user_id || reserve.remaining()? < require_positive(self.amount)? {
            return Err(LedgerError::ReserveMismatch.into());
        }
        Ok(reserve)
    }
}

/// The rule that applies a part of a reserve to an instalment.
pub struct EmiApplication;

impl EntryRule for EmiApplication {
    type Inputs = ReserveUse;
    const REFERENCE_TYPE: &'static str = "emi";
    const CAUSE_EVENT: &'static str = "emi_applied";

    fn add_reads(c: &ReserveUse, rows: &mut RowKeys) {
        rows.reserves.insert(c.reserve_id);
    }

    /// Moves the amount to the booking receipts.
    fn decide(key: EntryKey, c: &ReserveUse, rows: &LoadedRows) -> Decision {
        let reserve = c.find_usable(rows)?;
        let entry = EntryBuilder::new()
            .post(Account::EmiReserve, c.amount.neg()?)
            .post(Account::BookingReceipts, c.amount)
            .build(Self::header(key, c, c.amount))?;
        let reserve = EmiReserve { applied: reserve.applied.add(c.amount)?, ..reserve.clone() };
        Ok(Effects { reserve: Some(reserve), ..entry.into() })
    }

    fn explain(_: &ReserveUse, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        Ok(Derivation::default())
    }
}

/// The rule that releases a part of a reserve.
pub struct EmiRelease;

impl EntryRule for EmiRelease {
    type Inputs = ReserveUse;
    const REFERENCE_TYPE: &'static str = "emi";
    const CAUSE_EVENT: &'static str = "emi_released";

    fn add_reads(c: &ReserveUse, rows: &mut RowKeys) {
        rows.reserves.insert(c.reserve_id);
    }

    /// Moves the amount to the available balance.
    fn decide(key: EntryKey, c: &ReserveUse, rows: &LoadedRows) -> Decision {
        let reserve = c.find_usable(rows)?;
        let text = "Released from what was put aside for your EMI".to_owned();
        let entry = EntryBuilder::new()
            .post(Account::EmiReserve, c.amount.neg()?)
            .post_visible(Account::Available, c.amount, TransactionType::EmiRelease, text)
            .build(Self::header(key, c, c.amount))?;
        let reserve = EmiReserve { released: reserve.released.add(c.amount)?, ..reserve.clone() };
        Ok(Effects { reserve: Some(reserve), ..entry.into() })
    }

    fn explain(c: &ReserveUse, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        let d = Derivation::default().rule("reserve_released", &[("reason", &c.reason)], c.reason.clone());
        Ok(d.given("released", c.amount))
    }
}
