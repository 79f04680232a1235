//! Pair earnings and their reversals. Binary decides the amounts; the ledger posts them.

use super::amount::{require_no_negative, require_total};
use super::clawback::{debit_or_owe, explain_reversal, find_original, recover_clawback};
use super::{
    Account, Cause, CommandInputs, Decision, Derivation, Effects, EntryBuilder, EntryHeader, EntryKey, EntryKind,
    EntryRule, ExplainedLine, LedgerError, LoadedRows, Rejection, RejectionReason, Relation, RowKeys, TransactionType,
};
use crate::domain::emi_reserve::{EmiReserve, ReserveSource};
use crate::domain::explanation::Operation;
use domain::{Money, ReserveId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use uuid::Uuid;

/// A pair earning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairEarning {
    pub pair_id: Uuid,
    pub earner_id: UserId,
    pub number: u32,
    pub left_user_id: UserId,
    pub right_user_id: UserId,
    pub period: u32,
    pub slot: u32,
    pub flushed: bool,
    pub earner_active_buyer: bool,
    pub plan_version: u32,
    pub gross: Money,
    pub emi_deduction: Money,
    pub reserve_deduction: Money,
    pub available: Money,
    /// The amount that a flushed pair would have paid.
    pub forgone: Money,
    /// The id of the reserve that the EMI deduction goes to.
    pub reserve_id: ReserveId,
    pub at: Timestamp,
}

impl CommandInputs for PairEarning {
    fn cause(&self) -> Cause {
        Cause { id: self.pair_id, member: self.earner_id, at: self.at }
    }

    fn label(&self) -> Option<String> {
        Some(self.number.to_string())
    }

    fn others(&self) -> Vec<(UserId, Relation)> {
        vec![(self.left_user_id, Relation::Left), (self.right_user_id, Relation::Right)]
    }
}

impl EntryRule for PairEarning {
    type Inputs = Self;
    const REFERENCE_TYPE: &'static str = "pair";
    const CAUSE_EVENT: &'static str = "pair_matched";
    const EARNED_SIGN: i64 = 1;

    fn plan_version(c: &Self) -> Option<u32> {
        Some(c.plan_version)
    }

    /// Posts the gross, its deductions, and the recovery of a clawback due from the rest. Rejects flushed and unpaid
    /// pairs. Errors with `InvalidAmount` for a negative part and `PartsMismatch` when the parts are not the gross.
    fn decide(key: EntryKey, c: &Self, rows: &LoadedRows) -> Decision {
        require_no_negative(&[c.gross, c.emi_deduction, c.reserve_deduction, c.available, c.forgone])?;
        require_total([c.emi_deduction, c.reserve_deduction, c.available], c.gross)?;
        if c.flushed {
            return Err(Rejection { amount: c.forgone, reason: RejectionReason::Flushed }.into());
        }
        if c.gross.is_zero() {
            return Err(Rejection { amount: Money::ZERO, reason: RejectionReason::UnpaidPair }.into());
        }
        let mut lines = EntryBuilder::new().post(Account::PairExpense, c.gross.neg()?).post_visible(
            Account::Available,
            c.gross,
            TransactionType::BinaryPair,
            format!("Pair {}", c.number),
        );
        if c.emi_deduction.is_positive() {
            let text = format!("Put aside for your EMI from pair {}", c.number);
            lines = lines
                .post_visible(Account::Available, c.emi_deduction.neg()?, TransactionType::EmiDeduction, text)
                .post(Account::EmiReserve, c.emi_deduction);
        }
        if c.reserve_deduction.is_positive() {
            let text = format!("Put in your reserve from pair {}", c.number);
            lines = lines
                .post_visible(Account::Available, c.reserve_deduction.neg()?, TransactionType::ReserveDeduction, text)
                .post(Account::Reserve, c.reserve_deduction);
        }
        let entry =
            recover_clawback(lines, rows.wallet(c.earner_id)?, c.available)?.build(Self::header(key, c, c.gross))?;
        let reserve = c.emi_deduction.is_positive().then(|| {
            EmiReserve::new(c.reserve_id, c.earner_id, c.emi_deduction, (ReserveSource::Pair, c.pair_id), c.at)
        });
        Ok(Effects { reserve, ..entry.into() })
    }

    fn explain(c: &Self, line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        let d = Derivation::default();
        let Some(pairs) = line.plan.map(|p| &p.pairs) else {
            let d = d.rule("decided_by_binary", &[], "decided by binary");
            if line.kind == TransactionType::EmiDeduction {
                return d.given("emi_deduction", c.emi_deduction).negated();
            }
            if line.kind == TransactionType::ReserveDeduction {
                return d.given("reserve_deduction", c.reserve_deduction).negated();
            }
            return Ok(d.given("gross", c.gross));
        };
        let text = format!("pair {} of the earner, slot {} of period {}", c.number, c.slot, c.period);
        let d = d.rule("pair_slot", &[("number", &c.number), ("slot", &c.slot), ("period", &c.period)], text);
        if line.kind == TransactionType::EmiDeduction {
            let not = if c.earner_active_buyer { "" } else { "not " };
            let text = format!("from pair {} on; the earner was {not}an Active Buyer", pairs.emi_from_number);
            let params: [(_, &dyn Display); 2] =
                [("from_number", &pairs.emi_from_number), ("is_active_buyer", &c.earner_active_buyer)];
            return d
                .rule("emi_from_pair", &params, text)
                .percent("emi_deduction", ("gross", pairs.gross), ("emi_rate", pairs.emi_rate))?
                .negated();
        }
        if line.kind == TransactionType::ReserveDeduction {
            let d = d.percent("share", ("gross", pairs.gross), ("reserve_rate", pairs.reserve_rate))?;
            let share = d.last();
            let rest = pairs.gross.sub(c.emi_deduction)?;
            let operands = [("gross", pairs.gross.to_string()), ("emi_deduction", c.emi_deduction.to_string())];
            return d
                .step("rest", Operation::Difference, &operands, rest)
                .minimum("reserve_deduction", ("share", share), ("rest", rest))
                .negated();
        }
        Ok(d.given("gross", pairs.gross))
    }
}

/// The reversal of a pair earning because one of the two members no longer counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairVoid {
    pub pair_id: Uuid,
    pub earner_id: UserId,
    pub number: u32,
    /// The member who no longer counts.
    pub left_by: UserId,
    pub refund_id: Uuid,
    pub at: Timestamp,
}

impl PairVoid {
    /// The entry of the earning.
    fn original(&self) -> EntryKey {
        EntryKey::new(EntryKind::Pair, self.pair_id)
    }
}

impl CommandInputs for PairVoid {
    fn cause(&self) -> Cause {
        Cause { id: self.pair_id, member: self.earner_id, at: self.at }
    }

    fn label(&self) -> Option<String> {
        Some(self.number.to_string())
    }
}

impl EntryRule for PairVoid {
    type Inputs = Self;
    const REFERENCE_TYPE: &'static str = "pair";
    const CAUSE_EVENT: &'static str = "pair_voided";
    const EARNED_SIGN: i64 = -1;

    fn add_reads(c: &Self, rows: &mut RowKeys) {
        rows.entries.insert(c.original());
    }

    /// Reverses the earning as a whole. Waits for it; does nothing when it was rejected. Errors with `OriginalMismatch`
    /// when another member earned it.
    fn decide(key: EntryKey, c: &Self, rows: &LoadedRows) -> Decision {
        let original = find_original(c.original(), c.earner_id, rows)?;
        let (wallet, text) = (rows.wallet(c.earner_id)?, format!("Reversal of pair {}", c.number));
        let (amount, plan_version) = (original.amount, original.plan_version);
        let entry = debit_or_owe(wallet, amount, Account::PairExpense, TransactionType::Reversal, text)?
            .build(EntryHeader { plan_version, reverses: Some(c.original()), ..Self::header(key, c, amount) })?;
        Ok(entry.into())
    }

    fn explain(_: &Self, line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        explain_reversal(line)
    }
}
