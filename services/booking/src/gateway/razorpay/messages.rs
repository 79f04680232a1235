//! Messages of Razorpay: webhooks, payments and refunds.

use crate::domain::gateway_event::{AuthorizedPayment, CapturedPayment, GatewayEvent, ReportedRefund};
use crate::domain::refund::GatewayRefundState;
use crate::domain::text::single_line;
use crate::gateway::fields::{
    amount_field, capture_id, id_field, normalize_currency, order_id_field, refund_currency, text_field, time_field,
};
use crate::gateway::{MAX_ID_CHARS, MalformedMessage};
use domain::{Money, PaymentId};
use serde_json::Value;

/// Parses a webhook.
pub(super) fn parse(body: &[u8]) -> Result<GatewayEvent, MalformedMessage> {
    let message: Value = serde_json::from_slice(body).map_err(|e| MalformedMessage(e.to_string()))?;
    let kind = text_field(&message, "event").ok_or_else(|| missing("event"))?;
    let payment = || message.pointer("/payload/payment/entity").ok_or_else(|| missing("payment entity"));
    match kind.as_str() {
        "payment.captured" => {
            let payment = payment()?;
            let mut captured = parse_captured(payment, Money::ZERO, body)?;
            // The webhook is created at capture time; the payment may have been created days before.
            captured.taken_at =
                time_field(payment, "captured_at").or(time_field(&message, "created_at")).or(captured.taken_at);
            Ok(GatewayEvent::Captured(captured))
        }
        "payment.authorized" => {
            // One that cannot be parsed is found by the next check of its order.
            let authorized = parse_authorized(payment()?);
            Ok(authorized.map_or(GatewayEvent::Unhandled { kind }, GatewayEvent::Authorized))
        }
        "payment.failed" => {
            let payment = payment()?;
            let reason = text_field(payment, "error_description");
            Ok(GatewayEvent::Failed {
                order_id: order_id_field(payment, "order_id"),
                reason: reason.unwrap_or_else(|| "the gateway reported a failure".to_owned()),
            })
        }
        "refund.created" | "refund.processed" | "refund.failed" => {
            let refund = message.pointer("/payload/refund/entity").ok_or_else(|| missing("refund entity"))?;
            let mut refund = parse_refund(refund, None)?;
            refund.state = match kind.as_str() {
                "refund.processed" => GatewayRefundState::Processed,
                "refund.failed" => refund.state.max(GatewayRefundState::Failed),
                _ => refund.state,
            };
            Ok(GatewayEvent::Refund { kind, refund })
        }
        // `order.paid` adds nothing to a capture.
        _ => Ok(GatewayEvent::Unhandled { kind }),
    }
}

fn missing(what: &str) -> MalformedMessage {
    MalformedMessage(format!("the {what} is missing or invalid"))
}

/// Parses a refund entity. One without a status is pending.
pub(super) fn parse_refund(refund: &Value, payment: Option<&str>) -> Result<ReportedRefund, MalformedMessage> {
    let missing = |field: &str| missing(&format!("field {field} of the refund"));
    let amount = amount_field(refund, "amount").ok_or_else(|| missing("amount"))?;
    let note = refund.pointer("/notes/refund_id").and_then(Value::as_str).map(str::to_owned);
    Ok(ReportedRefund {
        id: id_field(refund, "id").ok_or_else(|| missing("id"))?,
        gateway_payment_id: id_field(refund, "payment_id")
            .or(payment.map(str::to_owned))
            .ok_or_else(|| missing("payment_id"))?,
        amount: Money::from_paise(amount),
        currency: refund_currency(refund),
        receipt: note
            .or(text_field(refund, "receipt"))
            .and_then(|id| single_line(&id, MAX_ID_CHARS))
            .unwrap_or_default(),
        state: match text_field(refund, "status") {
            Some(status) => status.parse().map_err(|_| missing("status"))?,
            None => GatewayRefundState::Pending,
        },
    })
}

/// Parses the answer to the creation of a refund, which has a status.
pub(super) fn parse_created_refund(refund: &Value, payment: &str) -> Result<ReportedRefund, MalformedMessage> {
    text_field(refund, "status").ok_or_else(|| missing("field status of the refund"))?;
    parse_refund(refund, Some(payment))
}

/// Whether a refusal is permanent: it concerns this payment, not the request or the account.
pub(super) fn is_permanent_refusal(status: u16, code: &str, description: &str) -> bool {
    let description = description.to_ascii_lowercase();
    let transient_words = ["balance", "idempotency", "authentication", "try again", "not enabled", "not allowed"];
    status == 400 && code == "BAD_REQUEST_ERROR" && !transient_words.iter().any(|text| description.contains(text))
}

/// This service's payment id in a payment's notes, which are an object, or an empty list when there are none.
fn payment_in_notes(payment: &Value) -> Option<PaymentId> {
    payment.pointer("/notes/payment_id").and_then(Value::as_str).and_then(|id| id.parse().ok())
}

/// Parses a payment entity as a capture. `refunded` is the part that was refunded before.
fn parse_captured(payment: &Value, refunded: Money, body: &[u8]) -> Result<CapturedPayment, MalformedMessage> {
    let amount = amount_field(payment, "amount").ok_or_else(|| missing("field amount of the payment"))?;
    let code = text_field(payment, "currency").ok_or_else(|| missing("field currency of the payment"))?;
    Ok(CapturedPayment {
        order_id: order_id_field(payment, "order_id"),
        gateway_payment_id: capture_id(text_field(payment, "id").as_deref(), body),
        amount: Money::from_paise(amount),
        refunded,
        taken_at: time_field(payment, "captured_at").or(time_field(payment, "created_at")),
        currency: normalize_currency(&code),
        payment_id: payment_in_notes(payment),
    })
}

/// Parses a captured payment of a list. `amount_refunded` may be missing.
pub(super) fn parse_listed(payment: &Value) -> Result<CapturedPayment, MalformedMessage> {
    let refunded = match text_field(payment, "amount_refunded") {
        Some(_) => amount_field(payment, "amount_refunded").ok_or_else(|| missing("field amount_refunded"))?,
        None => 0,
    };
    parse_captured(payment, Money::from_paise(refunded), b"")
}

/// Parses a payment that the bank authorised; `None` when it is of no order, or cannot be parsed.
pub(super) fn parse_authorized(payment: &Value) -> Option<AuthorizedPayment> {
    let order_id = Some(order_id_field(payment, "order_id")).filter(|id| !id.is_empty())?;
    Some(AuthorizedPayment {
        order_id,
        gateway_payment_id: id_field(payment, "id")?,
        amount: Money::from_paise(amount_field(payment, "amount")?),
        currency: normalize_currency(&text_field(payment, "currency")?),
    })
}
