//! A referral's terms as they are read. serde reads an enum with a tag in two steps and forgets on the way which field
//! it was in; read as one flat object, `referral.rate` is what is said to be wrong.

use super::Referral;
use crate::money::{Money, Rate};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    PercentOfFirstBooking,
    OnceAtThreshold,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    kind: Kind,
    rate: Option<Rate>,
    threshold: Option<Money>,
    amount: Option<Money>,
}

impl<'de> Deserialize<'de> for Referral {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Told::deserialize(deserializer)? {
            Told { kind: Kind::PercentOfFirstBooking, rate, threshold: None, amount: None } => {
                let rate = rate.ok_or_else(|| Error::missing_field("rate"))?;
                Ok(Self::PercentOfFirstBooking { rate })
            }
            Told { kind: Kind::OnceAtThreshold, rate: None, threshold, amount } => {
                let threshold = threshold.ok_or_else(|| Error::missing_field("threshold"))?;
                let amount = amount.ok_or_else(|| Error::missing_field("amount"))?;
                Ok(Self::OnceAtThreshold { threshold, amount })
            }
            Told { kind: Kind::PercentOfFirstBooking, threshold: Some(_), .. } => {
                Err(Error::unknown_field("threshold", &["rate"]))
            }
            Told { kind: Kind::PercentOfFirstBooking, .. } => Err(Error::unknown_field("amount", &["rate"])),
            Told { kind: Kind::OnceAtThreshold, .. } => Err(Error::unknown_field("rate", &["threshold", "amount"])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read_and_nothing_beside() {
        for referral in [
            Referral::PercentOfFirstBooking { rate: Rate::percent(5) },
            Referral::OnceAtThreshold { threshold: Money::from_rupees(5_000), amount: Money::ZERO },
        ] {
            let text = serde_json::to_string(&referral).expect("serializes");
            assert_eq!(serde_json::from_str::<Referral>(&text).ok(), Some(referral), "{text}");
        }
        for (text, wrong) in [
            (r#"{"kind": "percent_of_first_booking"}"#, "missing field `rate`"),
            (r#"{"kind": "percent_of_first_booking", "rate": "5", "amount": "1.00"}"#, "unknown field `amount`"),
            (r#"{"kind": "percent_of_first_booking", "rate": "5", "threshold": "1.00"}"#, "unknown field `threshold`"),
            (r#"{"kind": "once_at_threshold", "threshold": "1.00"}"#, "missing field `amount`"),
            (
                r#"{"kind": "once_at_threshold", "threshold": "1.00", "amount": "1.00", "rate": "5"}"#,
                "unknown field `rate`",
            ),
            (r#"{"kind": "percent_of_first_booking", "rate": "5", "cap": "1.00"}"#, "unknown field `cap`"),
            (r#"{"kind": "other", "rate": "5"}"#, "unknown variant `other`"),
            (r#"{"rate": "5"}"#, "missing field `kind`"),
            (r#"{"kind": "percent_of_first_booking", "rate": "101"}"#, "refused: `101`"),
        ] {
            let error = serde_json::from_str::<Referral>(text).expect_err(text).to_string();
            assert!(error.starts_with(wrong), "{text}: {error}");
        }
    }
}
