//! The compensation plan: every rate, amount and cap that determines members' earnings, as typed, versioned data.
//!
//! Each earning is computed once, by a function of this module, under the plan version in force at the time of the
//! causing event. The version number and the inputs are stored with the result.

mod history;
mod parse_cache;
mod referral;
mod referral_serde;

pub use history::{PlanHistory, PlanVersion, StoredPlan, StoredPlanError};
pub use referral::{BonusReversal, OneTimeBonus, ReferralInput, reverse_bonuses};

use crate::money::{Money, MoneyError, Rate, Rounding};
use crate::text::SingleLineText;
use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};

/// Upper limit of every amount in a plan, so that a typing error cannot overflow the sums over a whole history.
const MAX_AMOUNT: Money = Money::from_rupees(10_000_000);

/// A compensation plan. Deserialization refuses unknown fields, so a misspelt cap cannot fall back to a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name of the preset this plan is based on, or any short name.
    pub name: String,
    /// Minimum net payments of an Active Buyer.
    pub active_buyer_from: Money,
    /// Limits of a booking and its EMI.
    pub booking: BookingTerms,
    /// Bonus of the referrer.
    pub referral: ReferralTerms,
    /// Earnings from matched pairs, and their limit.
    pub pairs: PairTerms,
    /// Limits of a payout.
    pub payout: PayoutTerms,
}

/// Limits of a booking and its EMI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BookingTerms {
    /// Minimum booking amount.
    pub minimum_amount: Money,
    /// Shortest EMI, in months.
    pub emi_months_min: u32,
    /// Longest EMI, in months.
    pub emi_months_max: u32,
}

/// Bonus that a referrer earns from a referred member's payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReferralTerms {
    /// `rate` of every payment of new money on the member's first booking.
    PercentOfFirstBooking { rate: Rate },
    /// `amount` once for each referred member, when a payment of new money raises the member's net payments to
    /// `threshold`. It is reversed when they fall below it.
    OnceAtThreshold { threshold: Money, amount: Money },
}

/// Earnings from matched pairs, and their limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PairTerms {
    /// Earnings of one pair, before deductions.
    pub gross: Money,
    /// Number of an earner's first pairs that earn nothing.
    pub unpaid_first: u32,
    /// Maximum number of paid pairs in one period.
    pub limit: u32,
    /// Length of the period.
    pub limit_per: LimitPer,
    /// Treatment of pairs over the limit.
    pub over_limit: OverLimit,
    /// First pair number whose earnings carry the EMI deduction.
    pub emi_from_number: u32,
    /// Share moved to the EMI reserve of an earner who was not an Active Buyer when the pair was matched.
    pub emi_rate: Rate,
    /// Share of every paid pair moved to the earner's reserve.
    pub reserve_rate: Rate,
    /// Whether only members with the distributor label earn from pairs.
    pub require_distributor: bool,
}

crate::text_enum! {
    /// Period of the pair limit, in the Indian calendar.
    pub enum LimitPer { Day = "day", Month = "month" }
}

crate::text_enum! {
    /// Treatment of pairs over the limit.
    pub enum OverLimit {
        /// The members stay unmatched until the next period.
        Carry = "carry",
        /// Both members are used up and the pair earns nothing.
        Flush = "flush",
    }
}

/// Limits of a payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PayoutTerms {
    /// Minimum amount of a payout.
    pub minimum: Money,
    /// Amount from which two different people must approve.
    pub second_approver_from: Money,
}

/// Earnings of one pair and their parts: `available + emi_deduction + reserve_deduction = gross`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairPay {
    /// Earnings before deductions.
    pub gross: Money,
    /// Part moved to the EMI reserve.
    pub emi_deduction: Money,
    /// Part moved to the member's reserve.
    pub reserve_deduction: Money,
    /// Part credited to the available balance.
    pub available: Money,
}

impl PairPay {
    /// Earnings of a flushed pair, and of the first pairs that earn nothing.
    pub const ZERO: Self =
        Self { gross: Money::ZERO, emi_deduction: Money::ZERO, reserve_deduction: Money::ZERO, available: Money::ZERO };
}

/// Error of reading, publishing or applying a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A field has an invalid value.
    #[error("{field}: {reason}")]
    Invalid { field: &'static str, reason: &'static str },
    /// [`Plan::preset`] does not know the name.
    #[error("no preset called `{0}`; there are `seed` and `fixed`")]
    UnknownPreset(String),
    /// The version does not follow the others, in number or in time.
    #[error("a plan version must take effect later than every version before it")]
    OutOfOrder,
    /// No version has this number.
    #[error("there is no plan version {0}")]
    UnknownVersion(u32),
    /// The version can no longer be withdrawn.
    #[error("plan version {0} has taken effect")]
    AlreadyEffective(u32),
    /// The instant is before the first version.
    #[error("no plan version is in force at {0}")]
    NoneInForce(Timestamp),
    /// An amount is out of range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Plan {
    /// The default plan: a percentage of the first booking, pairs limited by the month.
    pub fn seed() -> Self {
        Self {
            name: "seed".into(),
            active_buyer_from: Money::from_rupees(5_000),
            booking: BookingTerms { minimum_amount: Money::from_rupees(500), emi_months_min: 3, emi_months_max: 60 },
            referral: ReferralTerms::PercentOfFirstBooking { rate: Rate::percent(5) },
            pairs: PairTerms {
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

    /// The plan with fixed amounts: ₹1,000 for each referred member, ₹2,000 for each pair after the first, at most ten
    /// pairs a day.
    pub fn fixed() -> Self {
        let seed = Self::seed();
        Self {
            name: "fixed".into(),
            referral: ReferralTerms::OnceAtThreshold {
                threshold: Money::from_rupees(5_000),
                amount: Money::from_rupees(1_000),
            },
            pairs: PairTerms {
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

    /// The preset of that name: `seed` or `fixed`.
    pub fn preset(name: &str) -> Result<Self, PlanError> {
        match name {
            "seed" => Ok(Self::seed()),
            "fixed" => Ok(Self::fixed()),
            other => Err(PlanError::UnknownPreset(other.chars().take(40).collect())),
        }
    }

    /// Checks amounts, months and combined rates, and returns the first invalid field. Single rates are within 0–100 by
    /// their type.
    pub fn validate(&self) -> Result<(), PlanError> {
        let invalid = |field, reason| Err(PlanError::Invalid { field, reason });
        let is_valid_name = SingleLineText::try_new(&self.name).is_ok_and(|name| !name.is_empty());
        if !is_valid_name || self.name.chars().count() > 64 {
            return invalid("name", "must be 1 to 64 visible characters on one line, not all of them blanks");
        }
        let (threshold, bonus) = match &self.referral {
            ReferralTerms::PercentOfFirstBooking { .. } => (Money::from_rupees(1), Money::ZERO),
            ReferralTerms::OnceAtThreshold { threshold, amount } => (*threshold, *amount),
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
        if let Some((field, _)) = positive.into_iter().chain(paid).find(|(_, m)| *m > MAX_AMOUNT) {
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

    /// Whether `net_paid` makes a member an Active Buyer.
    pub fn is_active_buyer(&self, net_paid: Money) -> bool {
        net_paid >= self.active_buyer_from
    }

    /// Whether the referral bonus is paid at most once for each referred member, not for each payment.
    pub fn has_one_time_referral_bonus(&self) -> bool {
        matches!(self.referral, ReferralTerms::OnceAtThreshold { .. })
    }

    /// Earnings of pair `number` (from 1). Errors when an amount is out of range.
    pub fn pair_pay(&self, number: u32, earner_is_active_buyer: bool) -> Result<PairPay, PlanError> {
        let pairs = &self.pairs;
        if number <= pairs.unpaid_first {
            return Ok(PairPay::ZERO);
        }
        let emi_applies = number >= pairs.emi_from_number && !earner_is_active_buyer;
        let emi_rate = if emi_applies { pairs.emi_rate } else { Rate::ZERO };
        let emi_deduction = pairs.gross.at(emi_rate, Rounding::HalfUp)?;
        let rest = pairs.gross.sub(emi_deduction)?;
        // Two parts rounded up may exceed the gross by a paisa; the reserve deduction is then reduced.
        let reserve_deduction = pairs.gross.at(pairs.reserve_rate, Rounding::HalfUp)?.min(rest);
        Ok(PairPay { gross: pairs.gross, emi_deduction, reserve_deduction, available: rest.sub(reserve_deduction)? })
    }
}

impl PairTerms {
    /// Period of an instant, as a number that grows with time: `202611` (month) or `20261122` (day).
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
    fn the_sixth_pair_is_the_first_with_a_deduction_and_only_for_earners_who_are_not_active_buyers() {
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
    fn an_invalid_plan_is_refused() {
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
