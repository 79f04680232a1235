//! Messages of Stripe: events, Checkout Sessions, PaymentIntents and refunds.

use crate::domain::gateway_event::{CapturedPayment, GatewayEvent, ReportedRefund};
use crate::domain::refund::GatewayRefundState;
use crate::gateway::fields::{
    amount_field, capture_id, id_field, normalize_currency, order_id_field, refund_currency, text_field, time_field,
};
use crate::gateway::{MAX_ID_CHARS, MalformedMessage};
use domain::{Money, PaymentId, Timestamp};
use serde_json::Value;

/// Parses an event.
pub(super) fn parse(body: &[u8]) -> Result<GatewayEvent, MalformedMessage> {
    let event: Value = serde_json::from_slice(body).map_err(|e| MalformedMessage(e.to_string()))?;
    let kind = text_field(&event, "type").ok_or_else(|| missing("field type of the event"))?;
    let object = || event.pointer("/data/object").ok_or_else(|| missing("object of the event"));
    // An event is created when what it reports happens; a session or a payment may have been created hours before.
    let created_at = time_field(&event, "created");
    let failed = |session: &Value, reason: &str| GatewayEvent::Failed {
        order_id: order_id_field(session, "id"),
        reason: reason.to_owned(),
    };
    match kind.as_str() {
        // A session is completed before it is paid when the bank takes days.
        "checkout.session.completed" if text_field(object()?, "payment_status").as_deref() != Some("paid") => {
            Ok(GatewayEvent::Unhandled { kind })
        }
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            Ok(GatewayEvent::Captured(parse_session(object()?, created_at, body)?))
        }
        "checkout.session.async_payment_failed" => Ok(failed(object()?, "the bank refused the payment")),
        "checkout.session.expired" => Ok(failed(object()?, "the checkout expired")),
        "payment_intent.succeeded" => {
            let captured = parse_intent(object()?, body)?;
            Ok(GatewayEvent::Captured(CapturedPayment { taken_at: created_at.or(captured.taken_at), ..captured }))
        }
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            let refund = parse_refund(object()?)?;
            Ok(GatewayEvent::Refund { kind, refund })
        }
        _ => Ok(GatewayEvent::Unhandled { kind }),
    }
}

fn missing(what: &str) -> MalformedMessage {
    MalformedMessage(format!("the {what} is missing or invalid"))
}

/// The id in a field that holds an object or only its id.
fn object_id(value: &Value, field: &str) -> Option<String> {
    let found = value.get(field)?;
    if found.is_object() { id_field(found, "id") } else { id_field(value, field) }
}

/// This service's payment id in the metadata.
fn payment_in_metadata(value: &Value) -> Option<PaymentId> {
    value.pointer("/metadata/payment_id").and_then(Value::as_str).and_then(|id| id.parse().ok())
}

fn parse_amount(value: &Value, amount: &str) -> Result<(Money, String), MalformedMessage> {
    let amount = amount_field(value, amount).ok_or_else(|| missing(&format!("field {amount}")))?;
    let code = text_field(value, "currency").ok_or_else(|| missing("field currency"))?;
    Ok((Money::from_paise(amount), normalize_currency(&code)))
}

/// The id of a session.
pub(super) fn session_id(session: &Value) -> Option<String> {
    Some(order_id_field(session, "id")).filter(|id| !id.is_empty())
}

/// Parses a paid session.
fn parse_session(
    session: &Value,
    taken_at: Option<Timestamp>,
    body: &[u8],
) -> Result<CapturedPayment, MalformedMessage> {
    let (amount, currency) = parse_amount(session, "amount_total")?;
    Ok(CapturedPayment {
        order_id: order_id_field(session, "id"),
        gateway_payment_id: capture_id(object_id(session, "payment_intent").as_deref(), body),
        amount,
        currency,
        refunded: Money::ZERO,
        taken_at,
        payment_id: payment_in_metadata(session),
    })
}

/// Whether the money of a PaymentIntent is taken.
pub(super) fn is_captured(intent: &Value) -> bool {
    text_field(intent, "status").as_deref() == Some("succeeded")
}

/// Parses a PaymentIntent of a list.
pub(super) fn parse_listed(intent: &Value) -> Result<CapturedPayment, MalformedMessage> {
    parse_intent(intent, b"")
}

/// Parses a captured PaymentIntent. It does not name its session; its metadata name the payment. The charge, if it is
/// part of the answer, has what was refunded and when it was made.
fn parse_intent(intent: &Value, body: &[u8]) -> Result<CapturedPayment, MalformedMessage> {
    let (amount, currency) = parse_amount(intent, "amount_received")?;
    let charge = intent.get("latest_charge").filter(|charge| charge.is_object());
    let refunded = match charge {
        Some(charge) => amount_field(charge, "amount_refunded").ok_or_else(|| missing("field amount_refunded"))?,
        None => 0,
    };
    Ok(CapturedPayment {
        order_id: String::new(),
        gateway_payment_id: capture_id(text_field(intent, "id").as_deref(), body),
        amount,
        currency,
        refunded: Money::from_paise(refunded),
        taken_at: charge.and_then(|charge| time_field(charge, "created")).or(time_field(intent, "created")),
        payment_id: payment_in_metadata(intent),
    })
}

/// Parses a refund. One of a charge without a PaymentIntent has the id of the charge.
pub(super) fn parse_refund(refund: &Value) -> Result<ReportedRefund, MalformedMessage> {
    let missing = |field: &str| missing(&format!("field {field} of the refund"));
    let state = match text_field(refund, "status").as_deref() {
        Some("succeeded") => GatewayRefundState::Processed,
        Some("failed" | "canceled") => GatewayRefundState::Failed,
        Some("pending" | "requires_action") | None => GatewayRefundState::Pending,
        Some(_) => return Err(missing("status")),
    };
    let receipt = refund.pointer("/metadata/refund_id").and_then(Value::as_str).unwrap_or_default();
    Ok(ReportedRefund {
        id: id_field(refund, "id").ok_or_else(|| missing("id"))?,
        gateway_payment_id: object_id(refund, "payment_intent")
            .or_else(|| object_id(refund, "charge"))
            .ok_or_else(|| missing("payment_intent"))?,
        amount: Money::from_paise(amount_field(refund, "amount").ok_or_else(|| missing("amount"))?),
        currency: refund_currency(refund),
        receipt: receipt.chars().take(MAX_ID_CHARS).collect(),
        state,
    })
}

/// Whether a refusal of a refund is permanent: all of the payment is refunded. A disputed payment is not among them: its
/// bank may return the money, so staff decide.
pub(super) fn is_permanent_refusal(status: u16, code: &str, description: &str) -> bool {
    let is_too_much = description.to_ascii_lowercase().contains("greater than unrefunded amount");
    status == 400 && (code == "charge_already_refunded" || is_too_much)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_refunded_payment_is_refused_for_good() {
        let too_much = "Refund amount (₹600.00) is greater than unrefunded amount on charge (₹500.00)";
        for (status, code, description, permanent) in [
            (400, "charge_already_refunded", "Charge ch_1 has already been refunded.", true),
            (400, "invalid_request_error", too_much, true),
            (400, "charge_disputed", "Charge ch_1 has been charged back", false),
            (400, "idempotency_error", "Keys for idempotent requests can only be used once", false),
            (404, "resource_missing", "No such payment_intent: 'pi_1'", false),
            (401, "invalid_request_error", "Invalid API Key provided", false),
            (402, "card_error", "declined", false),
        ] {
            assert_eq!(is_permanent_refusal(status, code, description), permanent, "{status} {code}");
        }
    }

    #[test]
    fn a_refund_has_one_of_the_states_of_every_gateway() {
        let refund = |status: Value| {
            let refund = json!({ "id": "re_1", "amount": 100, "currency": "inr", "status": status,
                "payment_intent": "pi_1", "charge": "ch_1", "metadata": {} });
            parse_refund(&refund).map(|refund| refund.state)
        };
        for (status, state) in [
            ("succeeded", GatewayRefundState::Processed),
            ("failed", GatewayRefundState::Failed),
            ("canceled", GatewayRefundState::Failed),
            ("pending", GatewayRefundState::Pending),
            ("requires_action", GatewayRefundState::Pending),
        ] {
            assert_eq!(refund(json!(status)), Ok(state), "{status}");
        }
        assert_eq!(refund(Value::Null), Ok(GatewayRefundState::Pending));
        assert!(refund(json!("reversed")).is_err());
    }
}
