//! Rupees as integer paise, and rates to take a part of them.
//!
//! Every operation is checked: money that does not fit an `i64` of paise (₹92 quadrillion) is an error,
//! never a wrapped number. In JSON an amount is a decimal string with exactly two places.

use crate::refused;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("amount out of range")]
    OutOfRange,
    #[error("`{0}` is not an amount: write rupees as a decimal string with two places, like \"500.00\"")]
    Malformed(String),
    #[error("`{0}` is not a rate: write a percentage as a decimal string, like \"5\" or \"2.5\"")]
    BadRate(String),
    #[error("`{0}` is not a rate from 0 to 100 with at most four decimal places")]
    RateRefused(String),
}

/// An amount of rupees, held as paise. May be negative (a debit).
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::BigInt)]
pub struct Money(pub(crate) i64);

/// What happens to a fraction of a paisa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest paisa, a half away from zero.
    HalfUp,
    Down,
}

impl Money {
    pub const ZERO: Self = Self(0);
    pub const MAX: Self = Self(i64::MAX);

    pub const fn from_paise(paise: i64) -> Self {
        Self(paise)
    }
    /// Whole rupees. Meant for literals: saturates at the ends of the range.
    pub const fn from_rupees(rupees: i64) -> Self {
        Self(rupees.saturating_mul(100))
    }
    pub const fn paise(self) -> i64 {
        self.0
    }
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    #[expect(clippy::should_implement_trait, reason = "an operator cannot say that it failed")]
    pub fn add(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyError::OutOfRange)
    }
    #[expect(clippy::should_implement_trait, reason = "an operator cannot say that it failed")]
    pub fn sub(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_sub(other.0).map(Self).ok_or(MoneyError::OutOfRange)
    }
    #[expect(clippy::should_implement_trait, reason = "an operator cannot say that it failed")]
    pub fn neg(self) -> Result<Self, MoneyError> {
        self.0.checked_neg().map(Self).ok_or(MoneyError::OutOfRange)
    }
    pub fn times(self, n: i64) -> Result<Self, MoneyError> {
        self.0.checked_mul(n).map(Self).ok_or(MoneyError::OutOfRange)
    }
    /// What is left after taking `other`, never below zero.
    pub fn minus_or_zero(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }
    /// The sum of many amounts.
    pub fn total(amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::add)
    }

    /// `rate` of this amount, rounded once to the paisa.
    pub fn at(self, rate: Rate, rounding: Rounding) -> Result<Self, MoneyError> {
        // Most pairs have nothing deducted, and decimals cost more than all the rest of a pair.
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

    /// `n` equal parts in whole rupees, the last of which takes the rest: the parts add up exactly.
    ///
    /// Empty when `n` is zero.
    pub fn split(self, n: u32) -> Vec<Self> {
        let Some(last) = n.checked_sub(1) else { return Vec::new() };
        let part = (self.0 / i64::from(n)) / 100 * 100;
        let mut parts = vec![Self(part); usize::try_from(last).unwrap_or(usize::MAX)];
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
    /// Every amount has one spelling, the one it is written with. Accepts `500.00`, `-0.05`; refuses `500`, `500.0`,
    /// `500.000`, `+1.00`, `1e3`, `1,000.00`, ` 1.00`, and what would be another spelling: `00500.00`, `-0.00`.
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

/// Digits and nothing else: what a number is written with here is decided here, not by a library.
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

/// A percentage from 0 to 100 with at most four decimal places: `5` is five per cent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rate(Decimal);

impl Rate {
    pub const ZERO: Self = Self(Decimal::ZERO);
    const PLACES: usize = 4;

    /// Whole per cents. Meant for literals: more than 100 is taken as 100.
    pub const fn percent(percent: u8) -> Self {
        let percent = if percent > 100 { 100 } else { percent };
        Self(Decimal::from_parts(
            #[expect(clippy::as_conversions, reason = "`u32::from` is not const; u8 to u32 cannot lose")]
            {
                percent as u32
            },
            0,
            0,
            false,
            0,
        ))
    }
    pub fn try_new(percent: Decimal) -> Result<Self, MoneyError> {
        let exact = percent.normalize();
        let places = usize::try_from(exact.scale()).unwrap_or(usize::MAX);
        if exact < Decimal::ZERO || exact > Decimal::ONE_HUNDRED || places > Self::PLACES {
            return Err(MoneyError::RateRefused(percent.to_string()));
        }
        Ok(Self(exact))
    }
    /// Both rates together; more than 100 is an error.
    #[expect(clippy::should_implement_trait, reason = "an operator cannot say that it failed")]
    pub fn add(self, other: Self) -> Result<Self, MoneyError> {
        Self::try_new(self.0 + other.0)
    }
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}
impl FromStr for Rate {
    type Err = MoneyError;
    /// Accepts `5`, `0.25`, `100.0`; refuses `101`, `-1`, `0.00001`; `+5`, `.5`, `5.`, `1_0`, `1e1` are no numbers.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shown = || text.chars().take(40).collect();
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (unsigned, None),
        };
        if !all_digits(whole) || !fraction.is_none_or(all_digits) {
            return Err(MoneyError::BadRate(shown()));
        }
        if unsigned.len() < text.len() || fraction.is_some_and(|f| f.len() > Self::PLACES) {
            return Err(MoneyError::RateRefused(shown()));
        }
        let percent = Decimal::from_str_exact(text).map_err(|_| MoneyError::RateRefused(shown()))?;
        Self::try_new(percent).map_err(|_| MoneyError::RateRefused(shown()))
    }
}
impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|error| match error {
            MoneyError::RateRefused(_) => refused::refused(error),
            MoneyError::OutOfRange | MoneyError::Malformed(_) | MoneyError::BadRate(_) => {
                serde::de::Error::custom(error)
            }
        })
    }
}
impl schemars::JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]{1,4})?$",
            "description": "A percentage from 0 to 100 as a decimal string with at most four places.",
            "examples": ["5"]
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
            assert!(matches!(text.parse::<Money>(), Err(MoneyError::Malformed(_))), "another spelling: {text}");
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
    fn nothing_wraps() {
        assert_eq!(Money::MAX.add(Money(1)), Err(MoneyError::OutOfRange));
        assert_eq!(Money(i64::MIN).neg(), Err(MoneyError::OutOfRange));
        assert_eq!(Money(i64::MIN).sub(Money(1)), Err(MoneyError::OutOfRange));
        assert_eq!(Money::MAX.times(2), Err(MoneyError::OutOfRange));
    }

    #[test]
    fn rates_stay_between_zero_and_a_hundred() {
        for bad in ["-0.1", "-0", "-1", "100.01", "101", "100.0001", "0.00001", "5.00000", &"9".repeat(60)] {
            assert!(matches!(bad.parse::<Rate>(), Err(MoneyError::RateRefused(_))), "{bad}");
        }
        for (text, rate) in [("5.0", "5"), ("0", "0"), ("00.50", "0.5"), ("100.0000", "100"), ("0.0001", "0.0001")] {
            assert_eq!(text.parse::<Rate>().map(|r| r.to_string()).as_deref(), Ok(rate), "{text}");
        }
        assert!(Rate::try_new(Decimal::new(1, 5)).is_err() && Rate::try_new(Decimal::new(50_000_000, 6)).is_ok());
        assert_eq!(Rate::percent(20).add(Rate::percent(80)), Ok(Rate::percent(100)));
        assert!(Rate::percent(20).add(Rate::percent(81)).is_err());
    }

    #[test]
    fn a_rate_is_written_as_its_published_pattern_says() {
        for bad in
            ["", ".", ".5", "5.", "+5", "1_0", "1e2", " 5", "5 ", "5,0", "0x5", "--5", "-", "-.5", "٥", "NaN", "x"]
        {
            assert!(matches!(bad.parse::<Rate>(), Err(MoneyError::BadRate(_))), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_is_read(paise: i64) {
            prop_assert_eq!(Money(paise).to_string().parse(), Ok(Money(paise)));
        }

        #[test]
        fn parts_add_up(paise in 0..i64::MAX, n in 1u32..=120) {
            let parts = Money(paise).split(n);
            prop_assert_eq!(Money::total(parts.iter().copied()), Ok(Money(paise)));
            prop_assert!(parts.iter().rev().skip(1).all(|p| p.0 % 100 == 0));
        }

        #[test]
        fn a_part_and_its_rest_make_the_whole(paise in 0..i64::MAX / 100, basis_points in 0i64..=10_000) {
            let rate = Rate::try_new(Decimal::new(basis_points, 2)).expect("in range");
            let part = Money(paise).at(rate, Rounding::HalfUp).expect("in range");
            prop_assert!(!part.is_negative() && part <= Money(paise));
            let naive = (i128::from(paise) * i128::from(basis_points) + 5_000) / 10_000;
            prop_assert_eq!(i128::from(part.0), naive);
        }
    }
}
