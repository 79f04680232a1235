//! Holds for payouts: placed, then captured or released.

use super::amount::require_positive;
use super::clawback::recover_clawback;
use super::{
    Account, Cause, CommandInputs, Decision, Derivation, Effects, EntryBuilder, EntryHeader, EntryKey, EntryKind,
    EntryOutcome, EntryRule, ExplainedLine, LedgerError, LedgerEvent, LoadedRows, NotPosted, Rejection,
    RejectionReason, RowKeys, TransactionType,
};
use crate::domain::hold::{Hold, HoldState};
use domain::{Money, PayoutId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// A step of a payout that changes its hold: placed, captured, released, or returned after a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldChange {
    pub payout_id: PayoutId,
    pub user_id: UserId,
    pub amount: Money,
    pub reason: String,
    pub at: Timestamp,
}

impl CommandInputs for HoldChange {
    fn cause(&self) -> Cause {
        Cause { id: self.payout_id.uuid(), member: self.user_id, at: self.at }
    }
}

impl HoldChange {
    /// The entry that placed the hold.
    fn placement(&self) -> EntryKey {
        EntryKey::new(EntryKind::Hold, self.payout_id.uuid())
    }

    fn add_hold_and_placement(&self, rows: &mut RowKeys) {
        rows.holds.insert(self.payout_id);
        rows.entries.insert(self.placement());
    }

    /// The placed hold. Waits for it; errors with `HoldEnded` when it is not placed any longer and `HoldMismatch` when it
    /// belongs to another member.
    fn find_placed<'a>(&self, rows: &'a LoadedRows) -> Result<&'a Hold, NotPosted> {
        let Some(hold) = rows.hold(self.payout_id)? else {
            rows.require_outcome(self.placement())?;
            return Err(LedgerError::HoldEnded.into());
        };
        match hold.state {
            HoldState::Placed if hold.user_id == self.user_id => Ok(hold),
            HoldState::Placed => Err(LedgerError::HoldMismatch.into()),
            HoldState::Captured | HoldState::Released => Err(LedgerError::HoldEnded.into()),
        }
    }
}

/// The rule that places a hold.
pub struct HoldPlacement;

impl EntryRule for HoldPlacement {
    type Inputs = HoldChange;
    const REFERENCE_TYPE: &'static str = "payout";
    const CAUSE_EVENT: &'static str = "payout_requested";

    fn add_reads(c: &HoldChange, rows: &mut RowKeys) {
        rows.holds.insert(c.payout_id);
    }

    /// Places the hold. Rejects it while the member owes a clawback, and when the available balance is smaller.
    fn decide(key: EntryKey, c: &HoldChange, rows: &LoadedRows) -> Decision {
        let amount = require_positive(c.amount)?;
        let wallet = rows.wallet(c.user_id)?;
        if wallet.clawback_due.is_positive() {
            return Err(Rejection { amount, reason: RejectionReason::ClawbackDue }.into());
        }
        if wallet.available < amount {
            return Err(Rejection { amount, reason: RejectionReason::InsufficientFunds }.into());
        }
        let entry = EntryBuilder::new()
            .post(Account::Available, amount.neg()?)
            .post(Account::Held, amount)
            .build(Self::header(key, c, amount))?;
        let (payout_id, user_id) = (c.payout_id, c.user_id);
        let placed = Hold { payout_id, user_id, amount, state: HoldState::Placed, changed_at: c.at };
        Ok(Effects { hold: Some(placed), ..entry.into() })
    }

    fn answer(c: &HoldChange, rejection: Option<RejectionReason>) -> Option<LedgerEvent> {
        Some(LedgerEvent::HoldDecided { payout_id: c.payout_id, amount: c.amount, rejection })
    }

    fn explain(_: &HoldChange, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        Ok(Derivation::default())
    }
}

/// The rule that captures the hold of an approved payout.
pub struct HoldCapture;

impl EntryRule for HoldCapture {
    type Inputs = HoldChange;
    const REFERENCE_TYPE: &'static str = "payout";
    const CAUSE_EVENT: &'static str = "payout_approved";

    fn add_reads(c: &HoldChange, rows: &mut RowKeys) {
        c.add_hold_and_placement(rows);
    }

    /// Moves the amount of the hold to payout clearing. Errors with `HoldMismatch` when the amount is not that of the
    /// hold.
    fn decide(key: EntryKey, c: &HoldChange, rows: &LoadedRows) -> Decision {
        let hold = c.find_placed(rows)?;
        if c.amount != hold.amount {
            return Err(LedgerError::HoldMismatch.into());
        }
        let entry = EntryBuilder::new()
            .post_visible(Account::Held, hold.amount.neg()?, TransactionType::Payout, "Payout approved".to_owned())
            .post(Account::PayoutClearing, hold.amount)
            .build(Self::header(key, c, hold.amount))?;
        let hold = Hold { state: HoldState::Captured, changed_at: c.at, ..hold.clone() };
        Ok(Effects { hold: Some(hold), ..entry.into() })
    }

    fn explain(_: &HoldChange, line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        let d = Derivation::default().rule("hold_captured_whole", &[], "a hold is captured as a whole");
        d.given("hold", line.held).negated()
    }
}

/// The rule that releases the hold of a rejected or cancelled payout.
pub struct HoldRelease;

impl EntryRule for HoldRelease {
    type Inputs = HoldChange;
    const REFERENCE_TYPE: &'static str = "payout";
    /// The payout was rejected or cancelled.
    const CAUSE_EVENT: &'static str = "payout_closed";

    fn add_reads(c: &HoldChange, rows: &mut RowKeys) {
        c.add_hold_and_placement(rows);
    }

    /// Releases the hold to the available balance, and recovers a clawback due from it. Does nothing when the hold was
    /// rejected.
    fn decide(key: EntryKey, c: &HoldChange, rows: &LoadedRows) -> Decision {
        if rows.outcome(c.placement())? == Some(EntryOutcome::Rejected) {
            return Err(NotPosted::Nothing);
        }
        let hold = c.find_placed(rows)?;
        let lines = EntryBuilder::new().post(Account::Held, hold.amount.neg()?).post(Account::Available, hold.amount);
        let header = EntryHeader { reverses: Some(c.placement()), ..Self::header(key, c, hold.amount) };
        let entry = recover_clawback(lines, rows.wallet(hold.user_id)?, hold.amount)?.build(header)?;
        let hold = Hold { state: HoldState::Released, changed_at: c.at, ..hold.clone() };
        Ok(Effects { hold: Some(hold), ..entry.into() })
    }

    fn explain(_: &HoldChange, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        Ok(Derivation::default())
    }
}
