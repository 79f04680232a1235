//! Money as integer paise, and percentage rates.
//!
//! Every operation is checked: an amount that does not fit an `i64` of paise (₹92 quadrillion) is an error and never
//! wraps. In JSON an amount is a decimal string with exactly two places.

mod rate;

pub use rate::Rate;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Error of parsing or computing an amount or a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit an `i64` of paise.
    #[error("amount out of range")]
    OutOfRange,
    /// The text is not an amount.
    #[error("`{0}` is not an amount: write rupees as a decimal string with two places, like \"500.00\"")]
    Malformed(String),
    /// The text is not a decimal number.
    #[error("`{0}` is not a rate: write a percentage as a decimal string, like \"5\" or \"2.5\"")]
    MalformedRate(String),
    /// The number is below 0, above 100, or has more than four decimal places.
    #[error("`{0}` is not a rate from 0 to 100 with at most four decimal places")]
    RateOutOfRange(String),
}

/// An amount of rupees, stored as paise. A negative amount is a debit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Money(pub(crate) i64);

/// Treatment of a fraction of a paisa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest paisa; a half rounds away from zero.
    HalfUp,
    /// Towards zero.
    Down,
}

impl Money {
    /// ₹0.00.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i64::MAX);

    /// An amount in paise.
    pub const fn from_paise(paise: i64) -> Self {
        Self(paise)
    }
    /// An amount in whole rupees, for literals. Saturates at the ends of the range.
    pub const fn from_rupees(rupees: i64) -> Self {
        Self(rupees.saturating_mul(100))
    }
    /// The amount in paise.
    pub const fn paise(self) -> i64 {
        self.0
    }
    /// Whether it is exactly zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
    /// Whether it is above zero.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum of two amounts. Errors when out of range.
    #[expect(clippy::should_implement_trait, reason = "an operator cannot return an error")]
    pub fn add(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyError::OutOfRange)
    }
    /// The difference of two amounts. Errors when out of range.
    #[expect(clippy::should_implement_trait, reason = "an operator cannot return an error")]
    pub fn sub(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_sub(other.0).map(Self).ok_or(MoneyError::OutOfRange)
    }
    /// The amount with the opposite sign. Errors when out of range.
    #[expect(clippy::should_implement_trait, reason = "an operator cannot return an error")]
    pub fn neg(self) -> Result<Self, MoneyError> {
        self.0.checked_neg().map(Self).ok_or(MoneyError::OutOfRange)
    }
    /// The amount multiplied by `n`. Errors when out of range.
    pub fn times(self, n: i64) -> Result<Self, MoneyError> {
        self.0.checked_mul(n).map(Self).ok_or(MoneyError::OutOfRange)
    }
    /// The difference, or zero where `other` is larger.
    pub fn minus_or_zero(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }
    /// The sum of many amounts. Errors when out of range.
    pub fn total(amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::add)
    }

    /// `rate` per cent of this amount, rounded once to the paisa. Errors when out of range.
    pub fn at(self, rate: Rate, rounding: Rounding) -> Result<Self, MoneyError> {
        // Most pairs have no deduction, and decimal arithmetic costs more than everything else about a pair.
        if rate.0.is_zero() {
            return Ok(Self::ZERO);
        }
        let strategy = match rounding {
            Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Rounding::Down => RoundingStrategy::ToZero,
        };
        let exact = Decimal::from(self.0)
            .checked_mul(rate.0)
            .and_then(|p| p.checked_div(Decimal::ONE_HUNDRED))
            .ok_or(MoneyError::OutOfRange)?;
        exact.round_dp_with_strategy(0, strategy).to_i64().map(Self).ok_or(MoneyError::OutOfRange)
    }

    /// One of `parts` equal parts of the tax at `rate` that this amount includes, rounded half up to the paisa. Errors
    /// when out of range.
    pub fn tax_included(self, rate: Rate, parts: u8) -> Result<Self, MoneyError> {
        let whole = Decimal::ONE_HUNDRED.checked_add(rate.0).and_then(|w| w.checked_mul(parts.into()));
        let part = Decimal::from(self.0).checked_mul(rate.0).zip(whole).and_then(|(tax, whole)| tax.checked_div(whole));
        let rounded = part.map(|p| p.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero));
        rounded.and_then(|p| p.to_i64()).map(Self).ok_or(MoneyError::OutOfRange)
    }

    /// Splits the amount into `n` equal parts of whole rupees. The last part also gets the remainder, so the parts add
    /// up exactly. Empty when `n` is zero.
    pub fn split(self, n: u32) -> Vec<Self> {
        let Some(last) = n.checked_sub(1) else { return Vec::new() };
        let part = (self.0 / i64::from(n)) / 100 * 100;
        let mut parts: Vec<Self> = (0..last).map(|_| Self(part)).collect();
        parts.push(Self(self.0 - part * i64::from(last)));
        parts
    }
}

impl fmt::Display for Money {
    /// Rupees with two places: `-1234.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let paise = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", paise / 100, paise % 100)
    }
}
impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "₹{self}")
    }
}

impl FromStr for Money {
    type Err = MoneyError;
    /// Parses the form that `Display` writes, and no other. Accepts `500.00`, `-0.05`; refuses `500`, `500.0`,
    /// `500.000`, `+1.00`, `1e3`, `1,000.00`, ` 1.00`, `00500.00`, `-0.00`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || MoneyError::Malformed(text.chars().take(40).collect());
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (rupees, paise) = digits.split_once('.').ok_or_else(malformed)?;
        let leading_zero = rupees.len() > 1 && rupees.starts_with('0');
        let negative_zero = negative && rupees == "0" && paise == "00";
        if !all_digits(rupees) || !all_digits(paise) || paise.len() != 2 || leading_zero || negative_zero {
            return Err(malformed());
        }
        let value = format!("{}{rupees}{paise}", if negative { "-" } else { "" });
        value.parse().map(Self).map_err(|_| MoneyError::OutOfRange)
    }
}

/// Whether a text is one or more ASCII digits. Number parsers of libraries accept more.
fn all_digits(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
#[cfg(feature = "schema")]
impl schemars::JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^(-?[1-9][0-9]{0,16}\.[0-9]{2}|0\.[0-9]{2}|-0\.(0[1-9]|[1-9][0-9]))$",
            "description": "Rupees as a decimal string with two places and no leading zero.",
            "examples": ["500.00"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_strings_with_exactly_two_places() {
        for (text, paise) in
            [("500.00", 50_000), ("-0.05", -5), ("0.00", 0), ("4.35", 435), ("0.10", 10), ("10.00", 1_000)]
        {
            assert_eq!(text.parse::<Money>(), Ok(Money(paise)), "{text}");
        }
        for text in [
            "500",
            "500.0",
            "500.000",
            "+1.00",
            "1e3",
            "1,000.00",
            " 1.00",
            "",
            ".",
            ".00",
            "1.",
            "-",
            "-.00",
            "--1.00",
            "1.-1",
            "٣.00",
            "५००.००",
            "NaN",
            "1.00\n",
            "1.00\0",
            "−1.00",
        ] {
            assert!(matches!(text.parse::<Money>(), Err(MoneyError::Malformed(_))), "{text}");
        }
        for text in ["00500.00", "000.10", "00.00", "01.00", "-0.00", "-00.00", "-01.00", "-00.05"] {
            assert!(matches!(text.parse::<Money>(), Err(MoneyError::Malformed(_))), "not canonical: {text}");
        }
        assert_eq!("92233720368547758.08".parse::<Money>(), Err(MoneyError::OutOfRange));
        assert_eq!("-92233720368547758.08".parse::<Money>(), Ok(Money(i64::MIN)));
        assert!(serde_json::from_str::<Money>("500.00").is_err());
        assert!(serde_json::from_str::<Money>("500").is_err());
        assert_eq!(serde_json::from_str::<Money>("\"5.00\"").ok(), Some(Money(500)));
    }

    #[test]
    fn a_half_paisa_rounds_up() {
        let five = Rate::percent(5);
        assert_eq!(Money(99_990).at(five, Rounding::HalfUp), Ok(Money(5_000)));
        assert_eq!(Money(10).at(five, Rounding::HalfUp), Ok(Money(1)));
        assert_eq!(Money(9).at(five, Rounding::HalfUp), Ok(Money(0)));
        assert_eq!(Money(10).at(five, Rounding::Down), Ok(Money(0)));
    }

    #[test]
    fn arithmetic_never_wraps() {
        assert_eq!(Money::MAX.add(Money(1)), Err(MoneyError::OutOfRange));
        assert_eq!(Money(i64::MIN).neg(), Err(MoneyError::OutOfRange));
        assert_eq!(Money(i64::MIN).sub(Money(1)), Err(MoneyError::OutOfRange));
        assert_eq!(Money::MAX.times(2), Err(MoneyError::OutOfRange));
    }

    proptest! {
        #[test]
        fn an_amount_survives_a_round_trip(paise: i64) {
            prop_assert_eq!(Money(paise).to_string().parse(), Ok(Money(paise)));
        }

        #[test]
        fn parts_add_up(paise in 0..i64::MAX, n in 1u32..=120) {
            let parts = Money(paise).split(n);
            prop_assert_eq!(Money::total(parts.iter().copied()), Ok(Money(paise)));
            prop_assert!(parts.iter().rev().skip(1).all(|p| p.0 % 100 == 0));
        }

        #[test]
        fn a_percentage_matches_integer_arithmetic(paise in 0..i64::MAX / 100, basis_points in 0i64..=10_000) {
            let rate = Rate::try_new(Decimal::new(basis_points, 2)).expect("in range");
            let part = Money(paise).at(rate, Rounding::HalfUp).expect("in range");
            prop_assert!(!part.is_negative() && part <= Money(paise));
            let naive = (i128::from(paise) * i128::from(basis_points) + 5_000) / 10_000;
            prop_assert_eq!(i128::from(part.0), naive);
        }
    }
}
