//! Batch processing of captures that arrive at the same time: one transaction, one statement a table.
//!
//! A capture is eligible when its message is new, it completes a pending payment, it is the only one of its member in
//! the batch, no refund or reserve of it waits, and no other transaction holds the member's lock. All others, and all
//! of a batch that fails, are left to [`super::receive_webhook::process`]. Both paths use the same decision functions.

use super::buyer_session::{self, BuyerSession};
use super::locked_rows;
use super::plan_versions::{in_force_at, load_history};
use super::receive_capture::{captured_money, new_capture};
use super::receive_webhook::{self, WebhookEvent};
use crate::domain::aggregate::{Command, Payment};
use crate::domain::capture::{effective_time, is_acceptable};
use crate::domain::gateway_event::CapturedPayment;
use crate::domain::received_money::MoneyDecision;
use crate::domain::{CaptureOutcome, GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::store::captures::{self, Capture};
use crate::store::{gateway_refunds, members, payments, reserves, webhook_events};
use db::DbConnection;
use domain::{BookingId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// A webhook event and the capture that it carries, of one gateway.
#[derive(Debug, Clone)]
pub struct CaptureMessage {
    pub event: WebhookEvent,
    pub captured: CapturedPayment,
}

/// An eligible capture, applied to its buyer.
struct AppliedCapture {
    event: WebhookEvent,
    capture: Capture,
    session: BuyerSession,
}

/// Processes the eligible messages. Returns for each message whether it was processed.
pub async fn receive(
    c: &mut DbConnection,
    gateway: GatewayName,
    messages: &[CaptureMessage],
) -> Result<Vec<bool>, BookingError> {
    let orders: Vec<&str> = messages.iter().map(|m| m.captured.order_id.as_str()).collect();
    let payments = payments::list_for_orders(c, gateway, &orders).await?;
    let selected: Vec<Option<&Payment>> = select_payments(messages, &payments);
    let applied = apply_eligible(c, gateway, messages, &selected).await?;
    let processed: BTreeSet<_> = applied.iter().filter_map(|item| item.capture.payment_id).collect();
    save(c, applied).await?;
    Ok(selected.iter().map(|payment| payment.is_some_and(|p| processed.contains(&p.id))).collect())
}

/// Saves all changed rows, one statement a table.
async fn save(c: &mut DbConnection, applied: Vec<AppliedCapture>) -> Result<(), BookingError> {
    let (mut events, mut captures, mut sessions) = (Vec::new(), Vec::new(), Vec::new());
    for AppliedCapture { event, capture, session } in applied {
        events.push(event);
        captures.push(capture);
        sessions.push(session);
    }
    // These two inserts fail when a message or a capture is known already.
    webhook_events::insert_all(c, events).await?;
    captures::insert_all(c, captures).await?;
    buyer_session::save_all(c, sessions).await
}

/// The payment of each message that may be eligible; only the first message of a member.
fn select_payments<'a>(messages: &[CaptureMessage], payments: &'a [Payment]) -> Vec<Option<&'a Payment>> {
    let mut members = BTreeSet::new();
    let payment_of = |message: &CaptureMessage| {
        let CapturedPayment { order_id, currency, amount, .. } = &message.captured;
        let payment = payments.iter().find(|p| p.gateway_order_id.as_ref() == Some(order_id))?;
        let is_candidate = is_acceptable(currency, *amount) && payment.status == PaymentStatus::Pending;
        (is_candidate && members.insert(payment.user_id)).then_some(payment)
    };
    messages.iter().map(payment_of).collect()
}

/// Locks and loads the rows that the selected payments touch, one query a table, and applies the eligible captures.
async fn apply_eligible(
    c: &mut DbConnection,
    gateway: GatewayName,
    messages: &[CaptureMessage],
    selected: &[Option<&Payment>],
) -> Result<Vec<AppliedCapture>, BookingError> {
    let mut pairs: Vec<(&CaptureMessage, &Payment)> =
        messages.iter().zip(selected).filter_map(|(message, payment)| payment.map(|p| (message, p))).collect();
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let users: BTreeSet<UserId> = pairs.iter().map(|(_, payment)| payment.user_id).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let mut members: BTreeMap<UserId, _> =
        members::lock_available(c, &users).await?.into_iter().map(|m| (m.user_id, m)).collect();
    // A booking is locked after its member.
    pairs.retain(|(_, payment)| members.contains_key(&payment.user_id));
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let plans = load_history(c).await?;
    let ids: BTreeSet<BookingId> = pairs.iter().map(|(_, payment)| payment.booking_id).collect();
    let mut bookings = locked_rows::lock_all(c, &ids).await?;
    let gateway_ids: Vec<&str> = pairs.iter().map(|(m, _)| m.captured.gateway_payment_id.as_str()).collect();
    let refunded: BTreeSet<String> = gateway_refunds::find_refunded_payments(c, gateway, &gateway_ids).await?;
    let waiting: BTreeSet<UserId> = reserves::find_waiting_owners(c, &users).await?;
    let mut applied = Vec::new();
    for (CaptureMessage { event, captured }, payment) in pairs {
        let has_pending_work = refunded.contains(&captured.gateway_payment_id) || waiting.contains(&payment.user_id);
        let (Some(member), Some(booking), false) =
            (members.remove(&payment.user_id), bookings.remove(&payment.booking_id), has_pending_work)
        else {
            continue;
        };
        let now = event.received_at;
        let capture = Capture {
            payment_id: Some(payment.id),
            outcome: CaptureOutcome::Applied,
            taken_at: captured.taken_at.or(Some(now)),
            ..new_capture(gateway, captured, now)
        };
        let money = captured_money(payment.id, &capture);
        // Decided again under the lock. A payment that failed meanwhile is not loaded.
        if booking.decide_money(&money).ok() != Some(MoneyDecision::Complete) {
            continue;
        }
        let at = effective_time(capture.taken_at.unwrap_or(now), payment.created_at, now);
        let mut session = BuyerSession::new(member, vec![booking], (at, now), in_force_at(&plans, at)?);
        session.apply(payment.booking_id, &Command::ReceiveMoney(&money))?;
        applied.push(AppliedCapture { event: receive_webhook::processed_capture(event), capture, session });
    }
    Ok(applied)
}
