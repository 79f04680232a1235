//! Percentage rates.

use super::{MoneyError, all_digits};
use crate::rule_violation;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A percentage from 0 to 100 with at most four decimal places: `5` is five per cent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rate(pub(super) Decimal);

impl Rate {
    /// 0 %.
    pub const ZERO: Self = Self(Decimal::ZERO);
    const MAX_DECIMAL_PLACES: u32 = 4;

    /// A whole percentage, for literals. Values above 100 become 100.
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
    /// A rate of `percent`. Errors when it is outside 0–100 or has more than four decimal places.
    pub fn try_new(percent: Decimal) -> Result<Self, MoneyError> {
        let exact = percent.normalize();
        if exact < Decimal::ZERO || exact > Decimal::ONE_HUNDRED || exact.scale() > Self::MAX_DECIMAL_PLACES {
            return Err(MoneyError::RateOutOfRange(percent.to_string()));
        }
        Ok(Self(exact))
    }
    /// The sum of two rates. Errors when it exceeds 100.
    #[expect(clippy::should_implement_trait, reason = "an operator cannot return an error")]
    pub fn add(self, other: Self) -> Result<Self, MoneyError> {
        Self::try_new(self.0 + other.0)
    }
    /// Whether the rate is 0 %.
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
    /// Accepts `5`, `0.25`, `100.0`. `101`, `-1`, `0.00001` are out of range; `+5`, `.5`, `5.`, `1_0`, `1e1` are
    /// malformed.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let excerpt = || text.chars().take(40).collect();
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (unsigned, None),
        };
        if !all_digits(whole) || !fraction.is_none_or(all_digits) {
            return Err(MoneyError::MalformedRate(excerpt()));
        }
        if unsigned.len() < text.len()
            || fraction.is_some_and(|f| (0..).zip(f.chars()).any(|(at, _)| at >= Self::MAX_DECIMAL_PLACES))
        {
            return Err(MoneyError::RateOutOfRange(excerpt()));
        }
        let percent = Decimal::from_str_exact(text).map_err(|_| MoneyError::RateOutOfRange(excerpt()))?;
        Self::try_new(percent).map_err(|_| MoneyError::RateOutOfRange(excerpt()))
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
            MoneyError::RateOutOfRange(_) => rule_violation::error(error),
            MoneyError::OutOfRange | MoneyError::Malformed(_) | MoneyError::MalformedRate(_) => {
                serde::de::Error::custom(error)
            }
        })
    }
}
#[cfg(feature = "schema")]
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

    #[test]
    fn rates_stay_between_zero_and_a_hundred() {
        for bad in ["-0.1", "-0", "-1", "100.01", "101", "100.0001", "0.00001", "5.00000", &"9".repeat(60)] {
            assert!(matches!(bad.parse::<Rate>(), Err(MoneyError::RateOutOfRange(_))), "{bad}");
        }
        for (text, rate) in [("5.0", "5"), ("0", "0"), ("00.50", "0.5"), ("100.0000", "100"), ("0.0001", "0.0001")] {
            assert_eq!(text.parse::<Rate>().map(|r| r.to_string()).as_deref(), Ok(rate), "{text}");
        }
        assert!(Rate::try_new(Decimal::new(1, 5)).is_err() && Rate::try_new(Decimal::new(50_000_000, 6)).is_ok());
        assert_eq!(Rate::percent(20).add(Rate::percent(80)), Ok(Rate::percent(100)));
        assert!(Rate::percent(20).add(Rate::percent(81)).is_err());
    }

    #[test]
    fn a_rate_must_match_its_published_pattern() {
        for bad in
            ["", ".", ".5", "5.", "+5", "1_0", "1e2", " 5", "5 ", "5,0", "0x5", "--5", "-", "-.5", "٥", "NaN", "x"]
        {
            assert!(matches!(bad.parse::<Rate>(), Err(MoneyError::MalformedRate(_))), "{bad}");
        }
    }
}
