//! Deserialization of [`ReferralTerms`]. serde reads a tagged enum in two steps and loses the path of the faulty field;
//! this reads one flat object, so an error names `referral.rate`.

use super::ReferralTerms;
use crate::money::{Money, Rate};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReferralKind {
    PercentOfFirstBooking,
    OnceAtThreshold,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReferral {
    kind: ReferralKind,
    rate: Option<Rate>,
    threshold: Option<Money>,
    amount: Option<Money>,
}

impl<'de> Deserialize<'de> for ReferralTerms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match RawReferral::deserialize(deserializer)? {
            RawReferral { kind: ReferralKind::PercentOfFirstBooking, rate, threshold: None, amount: None } => {
                let rate = rate.ok_or_else(|| Error::missing_field("rate"))?;
                Ok(Self::PercentOfFirstBooking { rate })
            }
            RawReferral { kind: ReferralKind::OnceAtThreshold, rate: None, threshold, amount } => {
                let threshold = threshold.ok_or_else(|| Error::missing_field("threshold"))?;
                let amount = amount.ok_or_else(|| Error::missing_field("amount"))?;
                Ok(Self::OnceAtThreshold { threshold, amount })
            }
            RawReferral { kind: ReferralKind::PercentOfFirstBooking, threshold: Some(_), .. } => {
                Err(Error::unknown_field("threshold", &["rate"]))
            }
            RawReferral { kind: ReferralKind::PercentOfFirstBooking, .. } => {
                Err(Error::unknown_field("amount", &["rate"]))
            }
            RawReferral { kind: ReferralKind::OnceAtThreshold, .. } => {
                Err(Error::unknown_field("rate", &["threshold", "amount"]))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referral_terms_survive_a_round_trip_and_reject_unknown_fields() {
        for referral in [
            ReferralTerms::PercentOfFirstBooking { rate: Rate::percent(5) },
            ReferralTerms::OnceAtThreshold { threshold: Money::from_rupees(5_000), amount: Money::ZERO },
        ] {
            let text = serde_json::to_string(&referral).expect("serializes");
            assert_eq!(serde_json::from_str::<ReferralTerms>(&text).ok(), Some(referral), "{text}");
        }
        for (text, expected) in [
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
            let error = serde_json::from_str::<ReferralTerms>(text).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }
}
