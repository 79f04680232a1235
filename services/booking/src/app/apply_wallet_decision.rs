//! Decisions of the wallet about payments that it was asked for.

use super::booking_aggregate::BookingAggregate;
use super::finish_change::finish_change;
use super::member_lock::{MemberLock, PaymentProof, WalletReturn};
use super::plan_versions::PlanVersions;
use crate::domain::payment::PaymentCommand;
use crate::domain::{BookingStatus, PaymentStatus, ReturnCause};
use crate::error::BookingError;
use crate::store::members::{self, Member};
use crate::store::payments::{self, Payment};
use crate::store::{bookings, reserves};
use chassis::events::outbox::{self, OutboxEvent};
use db::DbConnection;
use domain::{BookingId, Money, PaymentId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// A wallet's decision as the `WalletPaymentDecided` event carries it.
#[derive(Debug, Clone)]
pub struct WalletDecision {
    pub payment_id: PaymentId,
    pub amount: Money,
    pub is_paid: bool,
    /// Why the wallet did not pay; empty when it did.
    pub reason: String,
    pub at: Timestamp,
}

/// As [`apply`] for any number of decisions, with few statements for those about pending payments.
pub async fn apply_all(c: &mut DbConnection, decisions: &[WalletDecision]) -> Result<(), BookingError> {
    // A single decision saves no statement.
    let remaining =
        if decisions.len() > 1 { apply_to_pending(c, decisions).await? } else { decisions.iter().collect() };
    for decision in remaining {
        apply(c, decision).await?;
    }
    Ok(())
}

/// Locks the members and then their bookings, each by id, and completes or fails pending payments. Returns the other
/// decisions, in order: a member's second one, which depends on what the first one changes, one beside waiting
/// reserves, and one whose payment is not pending or has another amount.
async fn apply_to_pending<'a>(
    c: &mut DbConnection,
    decisions: &'a [WalletDecision],
) -> Result<Vec<&'a WalletDecision>, BookingError> {
    let ids: Vec<PaymentId> = decisions.iter().map(|d| d.payment_id).collect();
    let payments: BTreeMap<PaymentId, Payment> =
        payments::list_by_ids(c, &ids).await?.into_iter().map(|p| (p.id, p)).collect();
    let mut members = lock_members(c, payments.values()).await?;
    let plans = PlanVersions::load(c).await?;
    let mut aggregates = lock_bookings(c, payments.values().filter(|p| members.contains_key(&p.user_id))).await?;
    let (mut changes, mut remaining) = (DecisionChanges::default(), Vec::new());
    for decision in decisions {
        let found = payments
            .get(&decision.payment_id)
            .and_then(|payment| Some((members.remove(&payment.user_id)?, aggregates.remove(&payment.booking_id)?)));
        let Some((member, mut aggregate)) = found else {
            remaining.push(decision);
            continue;
        };
        let mut member_lock = MemberLock::new(member, decision.at, decision.at, plans.in_force(decision.at)?);
        if !decide_pending(&mut member_lock, &mut aggregate, decision)? {
            remaining.push(decision);
            continue;
        }
        changes.payments.push(aggregate.payment(decision.payment_id)?.clone());
        if decision.is_paid {
            changes.aggregates.push(aggregate);
        }
        let (member, events) = member_lock.into_parts();
        changes.members.push(member);
        changes.events.extend(events);
    }
    changes.save(c).await?;
    Ok(remaining)
}

/// Locks the payers' rows, without those of members who have a waiting reserve.
async fn lock_members(
    c: &mut DbConnection,
    payments: impl Iterator<Item = &Payment>,
) -> Result<BTreeMap<UserId, Member>, BookingError> {
    let users: BTreeSet<UserId> = payments.map(|p| p.user_id).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let mut members: BTreeMap<UserId, Member> =
        members::lock_existing(c, &users).await?.into_iter().map(|m| (m.user_id, m)).collect();
    for owner in reserves::find_waiting_owners(c, &users).await? {
        members.remove(&owner);
    }
    Ok(members)
}

async fn lock_bookings(
    c: &mut DbConnection,
    payments: impl Iterator<Item = &Payment>,
) -> Result<BTreeMap<BookingId, BookingAggregate>, BookingError> {
    let ids: BTreeSet<BookingId> = payments.map(|p| p.booking_id).collect();
    let ids: Vec<BookingId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = bookings::lock_all(c, &ids).await?;
    Ok(BookingAggregate::from_locked(c, found).await?.into_iter().map(|a| (a.booking.id, a)).collect())
}

/// Rows and events to save for many members.
#[derive(Default)]
struct DecisionChanges {
    payments: Vec<Payment>,
    aggregates: Vec<BookingAggregate>,
    members: Vec<Member>,
    events: Vec<OutboxEvent>,
}

impl DecisionChanges {
    async fn save(self, c: &mut DbConnection) -> Result<(), BookingError> {
        payments::save_all(c, self.payments).await?;
        BookingAggregate::save_all(c, self.aggregates).await?;
        members::save_all(c, self.members).await?;
        outbox::publish_all(c, self.events).await?;
        Ok(())
    }
}

/// Completes or fails the payment, without saving it or its booking. Returns whether it did: a payment that is not
/// pending, or from which the debited amount differs, stays unchanged.
fn decide_pending(
    member_lock: &mut MemberLock,
    aggregate: &mut BookingAggregate,
    decision: &WalletDecision,
) -> Result<bool, BookingError> {
    let id = decision.payment_id;
    let Some(payment) = aggregate.payments.iter().find(|p| p.id == id && p.status == PaymentStatus::Pending) else {
        return Ok(false);
    };
    if !decision.is_paid {
        return aggregate.apply_closing(id, PaymentCommand::Fail, &decision.reason, member_lock.now());
    }
    if decision.amount != payment.amount_paise {
        return Ok(false);
    }
    member_lock.apply_completion(aggregate, id, PaymentCommand::Confirm, PaymentProof::default())?;
    member_lock.recalculate(aggregate)?;
    Ok(true)
}

/// Completes or fails the payment. Money that the wallet debited and that cannot complete the payment is returned to
/// it, once. Errors with `NotFound` when the payment does not exist.
pub async fn apply(c: &mut DbConnection, decision: &WalletDecision) -> Result<(), BookingError> {
    let id = decision.payment_id;
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut member_lock = MemberLock::acquire(c, found.user_id, decision.at).await?;
    let mut aggregate = BookingAggregate::lock_with_payment(c, found.booking_id, id).await?;
    if decide_pending(&mut member_lock, &mut aggregate, decision)? {
        payments::save(c, aggregate.payment(id)?).await?;
        if decision.is_paid {
            aggregate.save(c).await?;
        }
        return finish_change(c, member_lock).await;
    }
    let payment = aggregate.payment(id)?;
    match (payment.status, decision.is_paid) {
        // The debit is late, or its amount differs from the request: it is returned.
        (PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded, true) => {
            if payment.returned_at.is_some() {
                return Ok(());
            }
            if payment.status == PaymentStatus::Pending {
                member_lock.close_payment(c, &mut aggregate, id, PaymentCommand::Fail, "the amount differs").await?;
            }
            let cause = match aggregate.booking.status {
                BookingStatus::Cancelled => ReturnCause::BookingCancelled,
                BookingStatus::PreBooked
                | BookingStatus::Confirmed
                | BookingStatus::Completed
                | BookingStatus::Expired => ReturnCause::NotPayable,
            };
            let money = WalletReturn { return_id: id.into(), amount: decision.amount, cause };
            member_lock.return_to_wallet(c, &mut aggregate, id, money).await?;
        }
        (PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded, false)
        | (PaymentStatus::Completed | PaymentStatus::Refunded, _) => return Ok(()),
    }
    finish_change(c, member_lock).await
}
