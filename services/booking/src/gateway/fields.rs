//! Fields of a gateway's JSON, and what its lists and its answers to refunds mean.

use super::{CreateRefundOutcome, GatewayError, MAX_ID_CHARS, MAX_ORDER_ID_CHARS, MalformedMessage};
use crate::domain::capture::CURRENCY;
use crate::domain::gateway_event::{CapturedPayment, ReportedRefund};
use crate::domain::text::single_line;
use domain::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A text field; a number is converted to text.
pub(super) fn text_field(value: &Value, field: &str) -> Option<String> {
    match value.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An amount in the currency's smallest unit, given as a number or as text.
pub(super) fn amount_field(value: &Value, field: &str) -> Option<i64> {
    let text = text_field(value, field)?;
    let text = text.trim();
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// A time in seconds since 1970.
pub(super) fn time_field(value: &Value, field: &str) -> Option<Timestamp> {
    let secs = amount_field(value, field).filter(|secs| *secs > 0)?;
    Timestamp::from_micros(secs.checked_mul(1_000_000)?)
}

/// The id of a payment or a refund.
pub(super) fn id_field(value: &Value, field: &str) -> Option<String> {
    text_field(value, field).and_then(|id| single_line(&id, MAX_ID_CHARS))
}

/// The id of an order; empty for a payment that this service did not request.
pub(super) fn order_id_field(value: &Value, field: &str) -> String {
    text_field(value, field).and_then(|id| single_line(&id, MAX_ORDER_ID_CHARS)).unwrap_or_default()
}

/// The id of a captured payment: the gateway's own, or the hash of the body when there is no valid one. So every
/// capture is recorded, and two captures without an id stay apart.
pub(super) fn capture_id(own_id: Option<&str>, body: &[u8]) -> String {
    own_id.and_then(|id| single_line(id, MAX_ID_CHARS)).unwrap_or_else(|| hex::encode(Sha256::digest(body)))
}

/// Normalises a currency code: upper case, letters and digits only, at most 8 characters.
pub(super) fn normalize_currency(code: &str) -> String {
    code.trim().chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_ascii_uppercase()
}

/// The currency of a refund: that of the account where the answer leaves it empty.
pub(super) fn refund_currency(refund: &Value) -> String {
    let code = text_field(refund, "currency").filter(|code| !code.is_empty());
    code.map_or_else(|| CURRENCY.to_owned(), |code| normalize_currency(&code))
}

/// The refunds of a list. One that cannot be parsed does not hide the others.
pub(super) fn listed_refunds(
    listed: &[Value],
    parse: impl Fn(&Value) -> Result<ReportedRefund, MalformedMessage>,
) -> Vec<ReportedRefund> {
    let mut refunds = Vec::new();
    for refund in listed {
        match parse(refund) {
            Ok(refund) => refunds.push(refund),
            Err(error) => tracing::error!(id = text_field(refund, "id"), %error, "listed refund skipped: not parsable"),
        }
    }
    refunds
}

/// The captures of a list, except those that were refunded in full. One that cannot be parsed, or has no id, does not
/// hide the others.
pub(super) fn listed_captures<'a>(
    listed: impl Iterator<Item = &'a Value>,
    parse: impl Fn(&Value) -> Result<CapturedPayment, MalformedMessage>,
) -> Vec<CapturedPayment> {
    let mut captures = Vec::new();
    for payment in listed {
        let id = text_field(payment, "id");
        match parse(payment) {
            Ok(captured) if id.is_some() => {
                if captured.amount > captured.refunded || captured.refunded.is_zero() {
                    captures.push(captured);
                }
            }
            Ok(_) => tracing::error!("listed payment skipped: no id"),
            Err(error) => tracing::error!(id, %error, "listed payment skipped: not parsable"),
        }
    }
    captures
}

/// The outcome of a request to create a refund. `is_permanent` decides about the status, the code and the description
/// of a refusal.
pub(super) fn refund_outcome(
    created: Result<Value, GatewayError>,
    parse: impl Fn(&Value) -> Result<ReportedRefund, MalformedMessage>,
    is_permanent: impl Fn(u16, &str, &str) -> bool,
) -> CreateRefundOutcome {
    match created {
        Ok(refund) => match parse(&refund) {
            Ok(refund) => CreateRefundOutcome::Accepted { id: refund.id, state: refund.state },
            Err(_) => CreateRefundOutcome::Unknown { reason: "the answer cannot be parsed".to_owned() },
        },
        Err(GatewayError::CircuitOpen(open)) => CreateRefundOutcome::NotSent { retry_after: open.retry_after },
        Err(GatewayError::Refused { status, code, description }) if is_permanent(status, &code, &description) => {
            CreateRefundOutcome::Refused { code }
        }
        Err(error @ (GatewayError::Refused { .. } | GatewayError::Unavailable(_))) => {
            CreateRefundOutcome::Unknown { reason: error.to_string() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_without_an_id_is_identified_by_its_body() {
        assert_eq!(capture_id(Some(" pay_1 "), b"x"), "pay_1");
        let by_body = capture_id(None, b"x");
        assert_eq!(by_body.len(), MAX_ID_CHARS);
        assert_ne!(by_body, capture_id(None, b"y"));
        for useless in ["", " ", "a\nb", &"p".repeat(MAX_ID_CHARS + 1)] {
            assert_eq!(capture_id(Some(useless), b"x"), by_body, "{useless}");
        }
    }
}
