//! Captures whose messages come at the same time take effect in one transaction and few statements.
//!
//! Only the plain ones: the first message of money that completes a pending payment, of a member of whom the batch has no
//! other, where no refund and no reserve is waiting and nobody else is at work on the member. What is not plain is left
//! to [`super::receive_webhook::receive`], and so is a whole batch that fails. Each decision is made by the same functions
//! as there.

use super::account::{Account, PlanVersions};
use super::capture::{Captured, apply, unplaced_capture};
use super::folder::Folder;
use super::receive_webhook::{self, WebhookEvent};
use crate::domain::capture::{Fate, effective_time, is_takeable, judge};
use crate::domain::{CaptureOutcome, GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::store::captures::Capture;
use crate::store::payments::{self, Payment};
use crate::store::{bookings, captures, gateway_refunds, members, reserves, webhook_events};
use chassis::events::outbox;
use db::DbConnection;
use domain::{BookingId, PaymentId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// A capture and the message that tells of it, of one gateway.
#[derive(Debug, Clone)]
pub struct Message {
    pub event: WebhookEvent,
    pub captured: Captured,
}

/// One plain capture, with everything that it touches.
struct Plain {
    event: WebhookEvent,
    capture: Capture,
    payment: PaymentId,
    account: Account,
    folder: Folder,
}

/// Stores the plain ones of the messages and lets them take effect; answers which ones those are.
pub async fn receive(
    c: &mut DbConnection,
    gateway: GatewayName,
    messages: &[Message],
) -> Result<Vec<bool>, BookingError> {
    let orders: Vec<&str> = messages.iter().map(|m| m.captured.order_id.as_str()).collect();
    let payments = payments::of_orders(c, gateway, &orders).await?;
    let chosen: Vec<Option<&Payment>> = choose(messages, &payments);
    let mut plain = load(c, gateway, messages, &chosen).await?;
    let done = chosen.iter().map(|payment| payment.is_some_and(|p| plain.iter().any(|one| one.payment == p.id)));
    let done: Vec<bool> = done.collect();
    if plain.is_empty() {
        return Ok(done);
    }
    for one in &mut plain {
        apply(&mut one.account, &mut one.folder, one.payment, &one.capture)?;
    }
    save(c, plain).await?;
    Ok(done)
}

/// Writes what became of the captures, each table once.
async fn save(c: &mut DbConnection, plain: Vec<Plain>) -> Result<(), BookingError> {
    let (mut payments, mut folders, mut members, mut drafts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut events, mut captures) = (Vec::new(), Vec::new());
    for Plain { event, capture, payment, account, folder } in plain {
        payments.push(folder.payment(payment)?.clone());
        folders.push(folder);
        let (member, account_events) = account.into_parts();
        members.push(member);
        drafts.extend(account_events);
        events.push(event);
        captures.push(capture);
    }
    // These two refuse what is known already.
    webhook_events::insert_all(c, events).await?;
    captures::insert_all(c, captures).await?;
    payments::save_all(c, payments).await?;
    Folder::save_all(c, folders).await?;
    members::save_all(c, members).await?;
    outbox::publish_all(c, drafts).await?;
    Ok(())
}

/// The payment of each message, where the message can be plain at all and is the only one of its member.
fn choose<'a>(messages: &[Message], payments: &'a [Payment]) -> Vec<Option<&'a Payment>> {
    let mut members = BTreeSet::new();
    let payment_of = |message: &Message| {
        let Captured { order_id, currency, amount, .. } = &message.captured;
        let payment = payments.iter().find(|p| p.gateway_order_id.as_ref() == Some(order_id))?;
        let can_be = is_takeable(currency, *amount) && payment.status == PaymentStatus::Pending;
        (can_be && members.insert(payment.user_id)).then_some(payment)
    };
    messages.iter().map(payment_of).collect()
}

/// Locks and reads everything that the chosen payments touch, each table once, and keeps those that are plain.
async fn load(
    c: &mut DbConnection,
    gateway: GatewayName,
    messages: &[Message],
    chosen: &[Option<&Payment>],
) -> Result<Vec<Plain>, BookingError> {
    let mut pairs: Vec<(&Message, &Payment)> =
        messages.iter().zip(chosen).filter_map(|(message, payment)| payment.map(|p| (message, p))).collect();
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let users: BTreeSet<UserId> = pairs.iter().map(|(_, payment)| payment.user_id).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let mut members: BTreeMap<UserId, _> =
        members::lock_free(c, &users).await?.into_iter().map(|m| (m.user_id, m)).collect();
    // A booking is locked after its member.
    pairs.retain(|(_, payment)| members.contains_key(&payment.user_id));
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let plans = PlanVersions::read(c).await?;
    let ids: BTreeSet<BookingId> = pairs.iter().map(|(_, payment)| payment.booking_id).collect();
    let ids: Vec<BookingId> = ids.into_iter().collect();
    let found = bookings::lock_all(c, &ids).await?;
    let mut folders: BTreeMap<BookingId, Folder> =
        Folder::fill(c, found).await?.into_iter().map(|folder| (folder.booking.id, folder)).collect();
    let gateway_ids: Vec<&str> = pairs.iter().map(|(m, _)| m.captured.gateway_payment_id.as_str()).collect();
    let refunded: BTreeSet<String> = gateway_refunds::payments_among(c, gateway, &gateway_ids).await?;
    let waiting: BTreeSet<UserId> = reserves::owners_waiting(c, &users).await?;
    let mut plain = Vec::new();
    for (Message { event, captured }, payment) in pairs {
        let has_more = refunded.contains(&captured.gateway_payment_id) || waiting.contains(&payment.user_id);
        let (Some(member), Some(folder), false) =
            (members.remove(&payment.user_id), folders.remove(&payment.booking_id), has_more)
        else {
            continue;
        };
        let now = event.received_at;
        let capture = Capture {
            payment_id: Some(payment.id),
            outcome: CaptureOutcome::Applied,
            taken_at: captured.taken_at.or(Some(now)),
            ..unplaced_capture(gateway, captured, now)
        };
        let at = effective_time(capture.taken_at.unwrap_or(now), payment.created_at, now);
        // As it is under the lock.
        let Ok(payment) = folder.payment(payment.id).cloned() else { continue };
        let received = capture.amount_paise.minus_or_zero(capture.refunded_paise);
        let fate = judge(payment.status, payment.amount_paise, received, folder.booking.status, &folder.figures()?);
        if fate != Fate::Apply || payment.status != PaymentStatus::Pending {
            continue;
        }
        let account = Account::of(member, at, now, plans.in_force(at)?);
        let event = receive_webhook::captured(event);
        plain.push(Plain { event, capture, payment: payment.id, account, folder });
    }
    Ok(plain)
}
