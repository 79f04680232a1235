//! The compensation plan: every rate, amount and cap by which members earn, as typed, versioned data.
//!
//! A decision is made once, by one of the functions here, under the version in force at the causing
//! event's time; the version's number and the inputs are stored beside what was decided.

mod book;
mod parsed;
mod referral;
mod told;

pub use book::{PlanBook, PlanVersion};
pub use referral::{OnceBonus, ReferralInput, TakenBack, taken_back};

use crate::money::{Money, MoneyError, Rate, Rounding};
use crate::text::PersonText;
use crate::time::{Day, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No amount of a plan is more: a slip of the pen must not overflow the sums of a whole history.
const MOST: Money = Money::from_rupees(10_000_000);

/// How a business pays. Unknown fields are refused, so a misspelt cap cannot fall back to a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The preset this plan started from, or any short name.
    pub name: String,
    /// Net payments from which a member is an Active Buyer.
    pub active_buyer_from: Money,
    pub booking: BookingTerms,
    pub referral: Referral,
    pub pairs: Pairs,
    pub payout: PayoutTerms,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BookingTerms {
    /// The least a member may book a vehicle with.
    pub minimum_amount: Money,
    pub emi_months_min: u32,
    pub emi_months_max: u32,
}

/// What a referrer earns from a referred member's payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Referral {
    /// A part of every payment of new money on the member's first booking.
    PercentOfFirstBooking { rate: Rate },
    /// One amount for each member, when a payment of new money brings their net payments to `threshold`. It stands as
    /// long as they are there.
    OnceAtThreshold { threshold: Money, amount: Money },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pairs {
    /// What one pair earns, before deductions.
    pub gross: Money,
    /// So many of an earner's first pairs earn nothing.
    pub unpaid_first: u32,
    pub limit: u32,
    pub limit_per: LimitPer,
    pub over_limit: OverLimit,
    /// The first pair number whose earnings carry the EMI deduction.
    pub emi_from_number: u32,
    /// Taken to the EMI reserve of an earner who was not an Active Buyer when the pair was matched.
    pub emi_rate: Rate,
    /// Taken to the member's reserve from every paid pair.
    pub reserve_rate: Rate,
    /// Only members with the distributor label match pairs.
    pub require_distributor: bool,
}

crate::text_enum! {
    /// The calendar unit the pair limit counts in.
    pub enum LimitPer { Day = "day", Month = "month" }
}

crate::text_enum! {
    /// What becomes of pairs over the limit.
    pub enum OverLimit {
        /// Members stay unmatched until the next period opens.
        Carry = "carry",
        /// Both members are consumed and nothing is earned.
        Flush = "flush",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PayoutTerms {
    pub minimum: Money,
    /// From this amount two different people must approve.
    pub second_approver_from: Money,
}

/// What one pair pays, every part of it: `available + emi_deduction + reserve_deduction = gross`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairPay {
    pub gross: Money,
    pub emi_deduction: Money,
    pub reserve_deduction: Money,
    pub available: Money,
}

impl PairPay {
    /// What a pair pays that is flushed, or among the first that pay nothing.
    pub const NOTHING: Self =
        Self { gross: Money::ZERO, emi_deduction: Money::ZERO, reserve_deduction: Money::ZERO, available: Money::ZERO };
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("{field}: {reason}")]
    Invalid { field: &'static str, reason: &'static str },
    #[error("no preset called `{0}`; there are `seed` and `fixed`")]
    UnknownPreset(String),
    #[error("a plan version must take effect later than every version before it")]
    OutOfOrder,
    #[error("no plan version is in force at {0}")]
    NoneInForce(Timestamp),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Plan {
    /// The default business.
    pub fn seed() -> Self {
        Self {
            name: "seed".into(),
            active_buyer_from: Money::from_rupees(5_000),
            booking: BookingTerms { minimum_amount: Money::from_rupees(500), emi_months_min: 3, emi_months_max: 60 },
            referral: Referral::PercentOfFirstBooking { rate: Rate::percent(5) },
            pairs: Pairs {
                gross: Money::from_rupees(500),
                unpaid_first: 0,
                limit: 10,
                limit_per: LimitPer::Month,
                over_limit: OverLimit::Carry,
                emi_from_number: 6,
                emi_rate: Rate::percent(20),
                reserve_rate: Rate::ZERO,
                require_distributor: false,
            },
            payout: PayoutTerms { minimum: Money::from_rupees(100), second_approver_from: Money::from_rupees(50_000) },
        }
    }

    /// Fixed amounts: ₹1,000 a referred member, ₹2,000 a pair but the first, ten a day.
    pub fn fixed() -> Self {
        let seed = Self::seed();
        Self {
            name: "fixed".into(),
            referral: Referral::OnceAtThreshold {
                threshold: Money::from_rupees(5_000),
                amount: Money::from_rupees(1_000),
            },
            pairs: Pairs {
                gross: Money::from_rupees(2_000),
                unpaid_first: 1,
                limit: 10,
                limit_per: LimitPer::Day,
                emi_rate: Rate::ZERO,
                ..seed.pairs
            },
            ..seed
        }
    }

    pub fn preset(name: &str) -> Result<Self, PlanError> {
        match name {
            "seed" => Ok(Self::seed()),
            "fixed" => Ok(Self::fixed()),
            other => Err(PlanError::UnknownPreset(other.chars().take(40).collect())),
        }
    }

    /// Refuses a plan that no business can mean. Rates are within 0–100 by their type.
    pub fn validate(&self) -> Result<(), PlanError> {
        let invalid = |field, reason| Err(PlanError::Invalid { field, reason });
        let says_something = PersonText::try_new(&self.name).is_ok_and(|name| !name.is_empty());
        if !says_something || self.name.chars().count() > 64 {
            return invalid("name", "must be 1 to 64 visible characters on one line, not all of them blanks");
        }
        let (threshold, bonus) = match &self.referral {
            Referral::PercentOfFirstBooking { .. } => (Money::from_rupees(1), Money::ZERO),
            Referral::OnceAtThreshold { threshold, amount } => (*threshold, *amount),
        };
        let positive = [
            ("active_buyer_from", self.active_buyer_from),
            ("booking.minimum_amount", self.booking.minimum_amount),
            ("referral.threshold", threshold),
            ("payout.minimum", self.payout.minimum),
            ("payout.second_approver_from", self.payout.second_approver_from),
        ];
        if let Some((field, _)) = positive.into_iter().find(|(_, m)| !m.is_positive()) {
            return invalid(field, "must be more than 0.00");
        }
        let paid = [("referral.amount", bonus), ("pairs.gross", self.pairs.gross)];
        if let Some((field, _)) = paid.into_iter().find(|(_, m)| m.is_negative()) {
            return invalid(field, "must not be negative");
        }
        if let Some((field, _)) = positive.into_iter().chain(paid).find(|(_, m)| *m > MOST) {
            return invalid(field, "must be at most 10000000.00");
        }
        if self.booking.emi_months_min == 0 || self.booking.emi_months_max > 120 {
            return invalid("booking.emi_months_max", "an EMI runs for 1 to 120 months");
        }
        if self.booking.emi_months_min > self.booking.emi_months_max {
            return invalid("booking.emi_months_min", "must not be more than emi_months_max");
        }
        if self.pairs.emi_rate.add(self.pairs.reserve_rate).is_err() {
            return invalid("pairs.reserve_rate", "together with emi_rate must not be more than 100");
        }
        Ok(())
    }

    pub fn is_active_buyer(&self, net_paid: Money) -> bool {
        net_paid >= self.active_buyer_from
    }

    /// Whether the referral bonus is owed at most once for a referred member, not once for a payment.
    pub fn referral_is_once_a_member(&self) -> bool {
        matches!(self.referral, Referral::OnceAtThreshold { .. })
    }

    /// What pair `number` (from 1) pays an earner who was, or was not, an Active Buyer when it was matched.
    pub fn pair_pay(&self, number: u32, earner_is_active_buyer: bool) -> Result<PairPay, PlanError> {
        let pairs = &self.pairs;
        if number <= pairs.unpaid_first {
            return Ok(PairPay::NOTHING);
        }
        let emi_applies = number >= pairs.emi_from_number && !earner_is_active_buyer;
        let emi_rate = if emi_applies { pairs.emi_rate } else { Rate::ZERO };
        let emi_deduction = pairs.gross.at(emi_rate, Rounding::HalfUp)?;
        let rest = pairs.gross.sub(emi_deduction)?;
        // Two halves rounded up may exceed the gross by a paisa; the later deduction gives way.
        let reserve_deduction = pairs.gross.at(pairs.reserve_rate, Rounding::HalfUp)?.min(rest);
        Ok(PairPay { gross: pairs.gross, emi_deduction, reserve_deduction, available: rest.sub(reserve_deduction)? })
    }
}

impl Pairs {
    /// The period an instant falls in, as a number that grows with time: `202611` or `20261122`.
    pub fn period(&self, at: Timestamp) -> u32 {
        let day: Day = at.day();
        let month = day.month().number();
        match self.limit_per {
            LimitPer::Month => month,
            LimitPer::Day => month * 100 + chrono::Datelike::day(&day.date()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_sixth_pair_is_the_first_with_a_deduction_and_only_for_those_who_do_not_buy() {
        let plan = Plan::seed();
        for (number, active, emi) in [(1, false, 0), (5, false, 0), (6, false, 100), (7, false, 100), (6, true, 0)] {
            let pay = plan.pair_pay(number, active).expect("in range");
            assert_eq!(pay.emi_deduction, Money::from_rupees(emi), "pair {number}, active {active}");
            assert_eq!(pay.available, Money::from_rupees(500 - emi));
        }
    }

    #[test]
    fn the_fixed_preset_pays_nothing_for_the_first_pair() {
        let plan = Plan::fixed();
        assert_eq!(plan.pair_pay(1, false).expect("in range").gross, Money::ZERO);
        assert_eq!(plan.pair_pay(2, false).expect("in range").available, Money::from_rupees(2_000));
    }

    #[test]
    fn a_plan_no_business_can_mean_is_refused() {
        let broken: [fn(&mut Plan); 8] = [
            |p| p.active_buyer_from = Money::ZERO,
            |p| p.pairs.gross = Money::from_paise(-1),
            |p| p.booking.emi_months_min = 61,
            |p| p.pairs.reserve_rate = Rate::percent(81),
            |p| p.name.clear(),
            |p| p.name = " \t ".into(),
            |p| p.name = "a\0b".into(),
            |p| p.pairs.reserve_rate = "80.0001".parse().expect("a rate"),
        ];
        for breaks in broken {
            let mut plan = Plan::seed();
            breaks(&mut plan);
            assert!(plan.validate().is_err(), "{plan:?}");
        }
        let mut all_deducted = Plan::seed();
        (all_deducted.pairs.reserve_rate, all_deducted.pairs.limit) = (Rate::percent(80), 0);
        assert_eq!(all_deducted.validate(), Ok(()));
        for preset in ["seed", "fixed"] {
            assert_eq!(Plan::preset(preset).and_then(|p| p.validate()), Ok(()));
        }
        let text = serde_json::to_string(&Plan::seed()).expect("serializes");
        assert_eq!(serde_json::from_str::<Plan>(&text).ok(), Some(Plan::seed()));
        assert!(serde_json::from_str::<Plan>(&text.replacen("\"limit\"", "\"limits\"", 1)).is_err());
    }

    proptest! {
        #[test]
        fn the_parts_of_a_pair_add_up(gross in 0i64..1_000_000, emi in 0i64..=10_000, reserve in 0i64..=10_000, number in 1u32..20, active: bool) {
            let mut plan = Plan::seed();
            plan.pairs.gross = Money::from_paise(gross);
            plan.pairs.emi_rate = Rate::try_new(rust_decimal::Decimal::new(emi, 2)).expect("in range");
            plan.pairs.reserve_rate = Rate::try_new(rust_decimal::Decimal::new(reserve.min(10_000 - emi), 2)).expect("in range");
            let pay = plan.pair_pay(number, active).expect("in range");
            let parts = [pay.available, pay.emi_deduction, pay.reserve_deduction];
            prop_assert!(parts.iter().all(|p| !p.is_negative()));
            prop_assert_eq!(Money::total(parts), Ok(pay.gross));
        }
    }
}
