//! Explanations of amounts: calculation steps that can be computed again from their operands alone.

use super::command::{PairEarning, PayoutSettlement};
use super::{Command, LedgerError, TransactionType};
use domain::plan::ReferralTerms;
use domain::{Money, Plan, Rate, Rounding};

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

/// Balances and amounts in the ledger that the line depends on, besides its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineContext {
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
    pub rules: Vec<String>,
    pub steps: Vec<CalculationStep>,
}

impl Derivation {
    fn rule(mut self, text: impl Into<String>) -> Self {
        self.rules.push(text.into());
        self
    }
    fn step(mut self, name: &str, operation: Operation, operands: &[(&str, String)], value: Money) -> Self {
        let operands = operands.iter().map(|(n, v)| Operand { name: (*n).to_owned(), value: v.clone() }).collect();
        self.steps.push(CalculationStep { name: name.to_owned(), operation, operands, value });
        self
    }
    fn given(self, name: &str, value: Money) -> Self {
        self.step(name, Operation::Given, &[(name, value.to_string())], value)
    }
    fn percent(self, name: &str, of: (&str, Money), rate: (&str, Rate)) -> Result<Self, LedgerError> {
        let value = of.1.at(rate.1, Rounding::HalfUp)?;
        Ok(self.step(name, Operation::Percent, &[(of.0, of.1.to_string()), (rate.0, rate.1.to_string())], value))
    }
    fn minimum(self, name: &str, a: (&str, Money), b: (&str, Money)) -> Self {
        self.step(name, Operation::Minimum, &[(a.0, a.1.to_string()), (b.0, b.1.to_string())], a.1.min(b.1))
    }
    fn last(&self) -> Money {
        self.steps.last().map(|s| s.value).unwrap_or_default()
    }
    fn negated(self) -> Result<Self, LedgerError> {
        let last = self.last();
        let name = self.steps.last().map(|s| s.name.clone()).unwrap_or_default();
        Ok(self.step("amount", Operation::Negated, &[(&name, last.to_string())], last.neg()?))
    }
}

/// Derives the amount of a line of type `kind` that `command` posted. `plan` is the plan version that decided it,
/// `None` when it is not stored here.
pub fn derive(
    kind: TransactionType,
    command: &Command,
    context: LineContext,
    plan: Option<&Plan>,
) -> Result<Derivation, LedgerError> {
    let d = Derivation::default();
    match kind {
        TransactionType::ReferralBonus => referral(d, command, plan),
        TransactionType::BinaryPair | TransactionType::EmiDeduction | TransactionType::ReserveDeduction => {
            if let Command::Pair(c) = command {
                pair(d, kind, c, plan)
            } else {
                Ok(d)
            }
        }
        TransactionType::Clawback => d
            .rule("a clawback due is recovered first, from bonuses, pair earnings and released holds only")
            .minimum("recovered", ("clawback_due", context.due_before), ("made_available", context.credited))
            .negated(),
        TransactionType::Refund if let Command::RefundClawback(c) = command => d
            .rule("the amount also refunded at its source is debited from the balance; the rest is a clawback due")
            .minimum("taken_back", ("refunded_twice", c.amount), ("available", context.account_before))
            .negated(),
        TransactionType::Reversal => d
            .rule("the whole original amount is debited from the balance; the rest is a clawback due")
            .minimum("taken_back", ("original_amount", context.original), ("available", context.account_before))
            .negated(),
        TransactionType::Payout => d.rule("a hold is captured as a whole").given("hold", context.held).negated(),
        TransactionType::Refund => refund(d, command, context),
        TransactionType::BookingPayment => {
            if let Command::BookingPayment(c) = command {
                d.given("payment_amount", c.amount).negated()
            } else {
                Ok(d)
            }
        }
        TransactionType::EmiRelease => {
            if let Command::ReleaseReserve(c) = command {
                Ok(d.rule(c.reason.clone()).given("released", c.amount))
            } else {
                Ok(d)
            }
        }
        TransactionType::Deposit | TransactionType::ReserveRelease | TransactionType::Adjustment => {
            if let Command::Deposit(c) | Command::ReserveRelease(c) | Command::Adjust(c) = command {
                Ok(d.rule(c.reason.clone()).given("amount", c.amount))
            } else {
                Ok(d)
            }
        }
    }
}

fn referral(d: Derivation, command: &Command, plan: Option<&Plan>) -> Result<Derivation, LedgerError> {
    let Command::ReferralBonus(c) = command else { return Ok(d) };
    match plan.map(|p| &p.referral) {
        None => Ok(d.rule("decided by booking").given("bonus", c.bonus)),
        Some(ReferralTerms::PercentOfFirstBooking { rate }) => d
            .rule(format!("new money ({}) on the referred member's first booking", c.method))
            .percent("bonus", ("payment_amount", c.payment_amount), ("rate", *rate)),
        Some(ReferralTerms::OnceAtThreshold { threshold, amount }) => Ok(d
            .rule(format!("net payments went from {} to {}, past {threshold}", c.net_paid_before, c.net_paid_after))
            .given("bonus", *amount)),
    }
}

fn pair(d: Derivation, kind: TransactionType, c: &PairEarning, plan: Option<&Plan>) -> Result<Derivation, LedgerError> {
    let Some(pairs) = plan.map(|p| &p.pairs) else {
        let d = d.rule("decided by binary");
        if kind == TransactionType::EmiDeduction {
            return d.given("emi_deduction", c.emi_deduction).negated();
        }
        if kind == TransactionType::ReserveDeduction {
            return d.given("reserve_deduction", c.reserve_deduction).negated();
        }
        return Ok(d.given("gross", c.gross));
    };
    let d = d.rule(format!("pair {} of the earner, slot {} of period {}", c.number, c.slot, c.period));
    if kind == TransactionType::EmiDeduction {
        let not = if c.earner_active_buyer { "" } else { "not " };
        return d
            .rule(format!("from pair {} on; the earner was {not}an Active Buyer", pairs.emi_from_number))
            .percent("emi_deduction", ("gross", pairs.gross), ("emi_rate", pairs.emi_rate))?
            .negated();
    }
    if kind == TransactionType::ReserveDeduction {
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

fn refund(d: Derivation, command: &Command, context: LineContext) -> Result<Derivation, LedgerError> {
    if let Command::Refund(c) = command {
        return Ok(d.rule("a payment is refunded as a whole, to its source").given("payment_amount", c.amount));
    }
    if let Command::PaymentReturn(c) = command {
        let rule = if c.is_failed_refund() {
            "a refund that failed at its source goes to the wallet".to_owned()
        } else {
            format!("no booking accepted the payment: {}", c.cause)
        };
        return Ok(d.rule(rule).given("amount", c.amount));
    }
    if let Command::ReversePayout(c) = command {
        return payout_reversal(d, c);
    }
    Ok(d.rule("a failed payout is returned as a whole").given("hold", context.held))
}

fn payout_reversal(d: Derivation, c: &PayoutSettlement) -> Result<Derivation, LedgerError> {
    let returned = c.net.add(c.tds)?;
    Ok(d.rule("net and tax are returned; the EMI part stays set aside for the member").step(
        "returned",
        Operation::Sum,
        &[("net", c.net.to_string()), ("tds", c.tds.to_string())],
        returned,
    ))
}
