//! Ends of captured payouts: completed, failed, or completed and returned by the bank.

use super::amount::{require_no_negative, require_positive, require_total};
use super::payout_hold::HoldChange;
use super::{
    Account, Cause, CommandInputs, Decision, Derivation, Effects, EntryBuilder, EntryHeader, EntryKey, EntryKind,
    EntryOutcome, EntryRule, ExplainedLine, LedgerError, LoadedRows, NotPosted, RowKeys, TransactionType,
};
use crate::domain::emi_reserve::{EmiReserve, ReserveSource};
use crate::domain::explanation::Operation;
use crate::domain::hold::Hold;
use domain::{Money, PayoutId, ReserveId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// The amounts of a payout that the bank completed or returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutSettlement {
    pub payout_id: PayoutId,
    pub user_id: UserId,
    pub requested: Money,
    pub tds: Money,
    pub emi: Money,
    pub net: Money,
    pub tax_rule: String,
    /// The id of the reserve that the EMI part goes to.
    pub reserve_id: ReserveId,
    pub at: Timestamp,
}

impl CommandInputs for PayoutSettlement {
    fn cause(&self) -> Cause {
        Cause { id: self.payout_id.uuid(), member: self.user_id, at: self.at }
    }
}

impl PayoutSettlement {
    /// Errors with `InvalidAmount` for a negative part, and with `PartsMismatch` when the parts are not the requested
    /// amount.
    fn check_parts(&self) -> Result<(), LedgerError> {
        let parts = [self.tds, self.emi, self.net];
        require_positive(self.requested)?;
        require_no_negative(&parts)?;
        require_total(parts, self.requested)
    }
}

fn entry_of(id: PayoutId, kind: EntryKind) -> EntryKey {
    EntryKey::new(kind, id.uuid())
}

/// The captured hold of a payout. Waits for its capture; errors with `HoldEnded` when the payout has the other outcome,
/// of kind `other`, and with `HoldMismatch` when the hold belongs to another member.
fn find_captured(id: PayoutId, user: UserId, other: EntryKind, rows: &LoadedRows) -> Result<&Hold, NotPosted> {
    if rows.outcome(entry_of(id, other))?.is_some() {
        return Err(LedgerError::HoldEnded.into());
    }
    rows.require_outcome(entry_of(id, EntryKind::Capture))?;
    let hold = rows.hold(id)?.filter(|hold| hold.user_id == user);
    hold.ok_or(NotPosted::Invalid(LedgerError::HoldMismatch))
}

/// The rule for a payout that the bank completed.
pub struct PayoutCompletion;

impl EntryRule for PayoutCompletion {
    type Inputs = PayoutSettlement;
    const REFERENCE_TYPE: &'static str = "payout";
    const CAUSE_EVENT: &'static str = "payout_completed";
    const WITHDRAWN_SIGN: i64 = 1;

    fn add_reads(c: &PayoutSettlement, rows: &mut RowKeys) {
        rows.holds.insert(c.payout_id);
        rows.entries.extend([EntryKind::Capture, EntryKind::PayoutFailure].map(|kind| entry_of(c.payout_id, kind)));
    }

    /// Posts the net to the bank, the tax to TDS payable, the EMI part to a new reserve. Errors with `HoldEnded` when
    /// the payout has failed before, `PartsMismatch` when the parts are not the requested amount.
    fn decide(key: EntryKey, c: &PayoutSettlement, rows: &LoadedRows) -> Decision {
        let hold = find_captured(c.payout_id, c.user_id, EntryKind::PayoutFailure, rows)?;
        c.check_parts()?;
        if c.requested != hold.amount {
            return Err(LedgerError::HoldMismatch.into());
        }
        let entry = EntryBuilder::new()
            .post(Account::PayoutClearing, c.requested.neg()?)
            .post(Account::Bank, c.net)
            .post(Account::TdsPayable, c.tds)
            .post(Account::EmiReserve, c.emi)
            .build(Self::header(key, c, c.requested))?;
        let source = (ReserveSource::Payout, c.payout_id.uuid());
        let reserve = c.emi.is_positive().then(|| EmiReserve::new(c.reserve_id, c.user_id, c.emi, source, c.at));
        Ok(Effects { reserve, ..entry.into() })
    }

    fn explain(_: &PayoutSettlement, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        Ok(Derivation::default())
    }
}

/// The rule for a payout that failed at the bank.
pub struct PayoutFailure;

impl EntryRule for PayoutFailure {
    type Inputs = HoldChange;
    const REFERENCE_TYPE: &'static str = "payout";
    const CAUSE_EVENT: &'static str = "payout_failed";

    fn add_reads(c: &HoldChange, rows: &mut RowKeys) {
        rows.holds.insert(c.payout_id);
        rows.entries.extend([EntryKind::Capture, EntryKind::PayoutCompletion].map(|kind| entry_of(c.payout_id, kind)));
    }

    /// Returns the payout to the available balance as a whole. Errors with `HoldEnded` when it was completed before.
    fn decide(key: EntryKey, c: &HoldChange, rows: &LoadedRows) -> Decision {
        let hold = find_captured(c.payout_id, c.user_id, EntryKind::PayoutCompletion, rows)?;
        let reverses = Some(entry_of(c.payout_id, EntryKind::Capture));
        let entry = EntryBuilder::new()
            .post(Account::PayoutClearing, hold.amount.neg()?)
            .post_visible(Account::Available, hold.amount, TransactionType::Refund, "The payout failed".to_owned())
            .build(EntryHeader { reverses, ..Self::header(key, c, hold.amount) })?;
        Ok(entry.into())
    }

    fn explain(_: &HoldChange, line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        let d = Derivation::default().rule("payout_returned_whole", &[], "a failed payout is returned as a whole");
        Ok(d.given("hold", line.held))
    }
}

/// The rule for a completed payout that the bank returned.
pub struct PayoutReversal;

impl EntryRule for PayoutReversal {
    type Inputs = PayoutSettlement;
    const REFERENCE_TYPE: &'static str = "payout";
    const CAUSE_EVENT: &'static str = "payout_reversed";
    const WITHDRAWN_SIGN: i64 = -1;

    fn add_reads(c: &PayoutSettlement, rows: &mut RowKeys) {
        rows.holds.insert(c.payout_id);
        rows.entries.insert(entry_of(c.payout_id, EntryKind::PayoutCompletion));
    }

    /// Returns net and tax to the available balance. The EMI part stays in its reserve, or where booking has applied
    /// it. Waits for the completion.
    fn decide(key: EntryKey, c: &PayoutSettlement, rows: &LoadedRows) -> Decision {
        let completion = entry_of(c.payout_id, EntryKind::PayoutCompletion);
        let EntryOutcome::Posted { amount, .. } = rows.require_outcome(completion)? else {
            return Err(LedgerError::HoldEnded.into());
        };
        c.check_parts()?;
        if rows.hold(c.payout_id)?.is_none_or(|hold| hold.user_id != c.user_id) || c.requested != amount {
            return Err(LedgerError::HoldMismatch.into());
        }
        let returned = c.net.add(c.tds)?;
        let text = "The bank returned the payout".to_owned();
        let entry = EntryBuilder::new()
            .post(Account::Bank, c.net.neg()?)
            .post(Account::TdsPayable, c.tds.neg()?)
            .post_visible(Account::Available, returned, TransactionType::Refund, text)
            .build(EntryHeader { reverses: Some(completion), ..Self::header(key, c, returned) })?;
        Ok(entry.into())
    }

    fn explain(c: &PayoutSettlement, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        let operands = [("net", c.net.to_string()), ("tds", c.tds.to_string())];
        let text = "net and tax are returned; the EMI part stays set aside for the member";
        let d = Derivation::default().rule("emi_part_stays", &[], text);
        Ok(d.step("returned", Operation::Sum, &operands, c.net.add(c.tds)?))
    }
}
