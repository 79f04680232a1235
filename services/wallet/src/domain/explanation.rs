//! Explanations of amounts: calculation steps that can be computed again from their operands alone.

use super::LedgerError;
use super::entry::TransactionType;
use domain::{Money, Plan, Rate, Rounding};
use std::collections::BTreeMap;
use std::fmt;

domain::text_enum! {
    /// The operation of a calculation step.
    pub enum Operation {
        /// The one operand, as it was given.
        Given = "given",
        /// The first operand times the second, a percentage, rounded half up to the paisa.
        Percent = "percent",
        Minimum = "minimum",
        Sum = "sum",
        /// The first less the second.
        Difference = "difference",
        Negated = "negated",
    }
}

domain::text_enum! {
    /// The relation of a member to an entry.
    pub enum Relation {
        /// The owner of the wallet that the entry changes.
        Member = "member",
        /// The member whose payment earned the referral bonus.
        Referred = "referred",
        /// The member of the pair in the left leg.
        Left = "left",
        /// The member of the pair in the right leg.
        Right = "right",
    }
}

/// A condition of a rule that held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Identifies the condition; never changes.
    pub code: &'static str,
    /// The values in the text, by name.
    pub params: BTreeMap<&'static str, String>,
    /// In English.
    pub text: String,
}

/// A named operand of a calculation step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operand {
    pub name: String,
    /// An amount, or the percentage of a `percent` step.
    pub value: String,
}

/// One computation. The value of the last step is the amount of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalculationStep {
    pub name: String,
    pub operation: Operation,
    pub operands: Vec<Operand>,
    pub value: Money,
}

/// A line to explain: its type, and the balances and amounts in the ledger that it depends on, besides its command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedLine<'a> {
    pub kind: TransactionType,
    /// The plan version that decided the entry; `None` when there is none or it is not stored here.
    pub plan: Option<&'a Plan>,
    /// The amount of the original, if the line reverses one.
    pub original: Money,
    /// The balance of the line's account before it.
    pub account_before: Money,
    /// The amount that earlier lines of the entry made available.
    pub credited: Money,
    /// The clawback due before the entry.
    pub due_before: Money,
    /// The amount of the payout's hold, if there is one.
    pub held: Money,
}

/// The derivation of an amount: calculation steps, and the conditions of the rule that held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derivation {
    pub rules: Vec<Condition>,
    pub steps: Vec<CalculationStep>,
}

impl Derivation {
    pub(super) fn rule(
        mut self,
        code: &'static str,
        params: &[(&'static str, &dyn fmt::Display)],
        text: impl Into<String>,
    ) -> Self {
        let params = params.iter().map(|(name, value)| (*name, value.to_string())).collect();
        self.rules.push(Condition { code, params, text: text.into() });
        self
    }
    pub(super) fn step(mut self, name: &str, operation: Operation, operands: &[(&str, String)], value: Money) -> Self {
        let operands = operands.iter().map(|(n, v)| Operand { name: (*n).to_owned(), value: v.clone() }).collect();
        self.steps.push(CalculationStep { name: name.to_owned(), operation, operands, value });
        self
    }
    pub(super) fn given(self, name: &str, value: Money) -> Self {
        self.step(name, Operation::Given, &[(name, value.to_string())], value)
    }
    pub(super) fn percent(self, name: &str, of: (&str, Money), rate: (&str, Rate)) -> Result<Self, LedgerError> {
        let value = of.1.at(rate.1, Rounding::HalfUp)?;
        Ok(self.step(name, Operation::Percent, &[(of.0, of.1.to_string()), (rate.0, rate.1.to_string())], value))
    }
    pub(super) fn minimum(self, name: &str, a: (&str, Money), b: (&str, Money)) -> Self {
        self.step(name, Operation::Minimum, &[(a.0, a.1.to_string()), (b.0, b.1.to_string())], a.1.min(b.1))
    }
    pub(super) fn last(&self) -> Money {
        self.steps.last().map(|s| s.value).unwrap_or_default()
    }
    pub(super) fn negated(self) -> Result<Self, LedgerError> {
        let last = self.last();
        let name = self.steps.last().map(|s| s.name.clone()).unwrap_or_default();
        Ok(self.step("amount", Operation::Negated, &[(&name, last.to_string())], last.neg()?))
    }
}
