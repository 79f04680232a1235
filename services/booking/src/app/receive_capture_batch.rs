//! Batch processing of captures that arrive at the same time: one transaction, one statement a table.
//!
//! A capture is eligible when its message is new, it completes a pending payment, it is the only one of its member in
//! the batch, no refund or reserve of it waits, and no other transaction holds the member's lock. All others, and all
//! of a batch that fails, are left to [`super::receive_webhook::process`]. Both paths use the same decision functions.

use super::booking_aggregate::BookingAggregate;
use super::member_lock::MemberLock;
use super::plan_versions::PlanVersions;
use super::receive_capture::{complete_payment, new_capture};
use super::receive_webhook::{self, WebhookEvent};
use crate::domain::capture::{CaptureDecision, decide_capture, effective_time, is_acceptable};
use crate::domain::gateway_event::CapturedPayment;
use crate::domain::{CaptureOutcome, GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::store::captures::Capture;
use crate::store::payments::{self, Payment};
use crate::store::{bookings, captures, gateway_refunds, members, reserves, webhook_events};
use chassis::events::outbox;
use db::DbConnection;
use domain::{BookingId, PaymentId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// A webhook event and the capture that it carries, of one gateway.
#[derive(Debug, Clone)]
pub struct CaptureMessage {
    pub event: WebhookEvent,
    pub captured: CapturedPayment,
}

/// An eligible capture with the rows that it changes.
struct EligibleCapture {
    event: WebhookEvent,
    capture: Capture,
    payment: PaymentId,
    member_lock: MemberLock,
    aggregate: BookingAggregate,
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
    let mut eligible = load_eligible(c, gateway, messages, &selected).await?;
    let processed =
        selected.iter().map(|payment| payment.is_some_and(|p| eligible.iter().any(|item| item.payment == p.id)));
    let processed: Vec<bool> = processed.collect();
    if eligible.is_empty() {
        return Ok(processed);
    }
    for item in &mut eligible {
        complete_payment(&mut item.member_lock, &mut item.aggregate, item.payment, &item.capture)?;
    }
    save(c, eligible).await?;
    Ok(processed)
}

/// Saves all changed rows, one statement a table.
async fn save(c: &mut DbConnection, eligible: Vec<EligibleCapture>) -> Result<(), BookingError> {
    let (mut payments, mut aggregates, mut members, mut outbox_events) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut events, mut captures) = (Vec::new(), Vec::new());
    for EligibleCapture { event, capture, payment, member_lock, aggregate } in eligible {
        payments.push(aggregate.payment(payment)?.clone());
        aggregates.push(aggregate);
        let (member, member_events) = member_lock.into_parts();
        members.push(member);
        outbox_events.extend(member_events);
        events.push(event);
        captures.push(capture);
    }
    // These two inserts fail when a message or a capture is known already.
    webhook_events::insert_all(c, events).await?;
    captures::insert_all(c, captures).await?;
    payments::save_all(c, payments).await?;
    BookingAggregate::save_all(c, aggregates).await?;
    members::save_all(c, members).await?;
    outbox::publish_all(c, outbox_events).await?;
    Ok(())
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

/// Locks and loads the rows that the selected payments touch, one query a table, and returns the eligible captures.
async fn load_eligible(
    c: &mut DbConnection,
    gateway: GatewayName,
    messages: &[CaptureMessage],
    selected: &[Option<&Payment>],
) -> Result<Vec<EligibleCapture>, BookingError> {
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
    let plans = PlanVersions::load(c).await?;
    let ids: BTreeSet<BookingId> = pairs.iter().map(|(_, payment)| payment.booking_id).collect();
    let ids: Vec<BookingId> = ids.into_iter().collect();
    let found = bookings::lock_all(c, &ids).await?;
    let mut aggregates: BTreeMap<BookingId, BookingAggregate> = BookingAggregate::from_locked(c, found)
        .await?
        .into_iter()
        .map(|aggregate| (aggregate.booking.id, aggregate))
        .collect();
    let gateway_ids: Vec<&str> = pairs.iter().map(|(m, _)| m.captured.gateway_payment_id.as_str()).collect();
    let refunded: BTreeSet<String> = gateway_refunds::find_refunded_payments(c, gateway, &gateway_ids).await?;
    let waiting: BTreeSet<UserId> = reserves::find_waiting_owners(c, &users).await?;
    let mut eligible = Vec::new();
    for (CaptureMessage { event, captured }, payment) in pairs {
        let has_pending_work = refunded.contains(&captured.gateway_payment_id) || waiting.contains(&payment.user_id);
        let (Some(member), Some(aggregate), false) =
            (members.remove(&payment.user_id), aggregates.remove(&payment.booking_id), has_pending_work)
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
        let at = effective_time(capture.taken_at.unwrap_or(now), payment.created_at, now);
        // The payment as it is under the lock.
        let Ok(payment) = aggregate.payment(payment.id).cloned() else { continue };
        let received = capture.amount_paise.minus_or_zero(capture.refunded_paise);
        let decision = decide_capture(
            payment.status,
            payment.amount_paise,
            received,
            aggregate.booking.status,
            &aggregate.amounts()?,
        );
        if decision != CaptureDecision::Apply || payment.status != PaymentStatus::Pending {
            continue;
        }
        let member_lock = MemberLock::new(member, at, now, plans.in_force(at)?);
        let event = receive_webhook::processed_capture(event);
        eligible.push(EligibleCapture { event, capture, payment: payment.id, member_lock, aggregate });
    }
    Ok(eligible)
}
