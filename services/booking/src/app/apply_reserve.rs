//! Allocation of EMI reserves: money that wallet set aside becomes payments, waits, or is released to the member.

use super::booking_aggregate::{BookingAggregate, count_from_column};
use super::member_lock::MemberLock;
use super::plan_versions::PlanVersions;
use crate::domain::reserve::{Allocation, BookingDues, UnpaidInstalment, allocate, should_release};
use crate::domain::{ApplicationId, PaymentStatus, ReleaseId};
use crate::error::BookingError;
use crate::store::members::{self, Member};
use crate::store::payments::{self, Payment};
use crate::store::reserves::{self, Reserve};
use chassis::events::outbox::{self, OutboxEvent};
use chassis::id;
use db::DbConnection;
use domain::{Money, MoneyError, PaymentMethod, ReserveId, Timestamp, UserId};
use proto_events::booking::v1 as event;
use std::collections::{BTreeMap, BTreeSet};

/// An EMI reserve as the `EmiReserved` event carries it.
#[derive(Debug, Clone)]
pub struct NewReserve {
    pub id: ReserveId,
    pub user_id: UserId,
    pub amount: Money,
    pub source_kind: String,
    pub source_id: Vec<u8>,
    pub at: Timestamp,
}

/// Stores an EMI reserve and allocates it. A reserve that is known already changes nothing.
pub async fn receive(c: &mut DbConnection, reserved: NewReserve) -> Result<(), BookingError> {
    let member_lock = MemberLock::acquire(c, reserved.user_id, reserved.at).await?;
    if reserves::insert(c, &to_reserve(&reserved)).await? { member_lock.finish(c).await } else { Ok(()) }
}

/// As [`receive`] for several reserves, with few statements. Errors with `Db` when one of them is known already.
pub async fn receive_all(c: &mut DbConnection, reserved: Vec<NewReserve>) -> Result<(), BookingError> {
    let users: BTreeSet<UserId> = reserved.iter().map(|r| r.user_id).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let mut members: BTreeMap<UserId, Member> =
        members::lock_existing(c, &users).await?.into_iter().map(|m| (m.user_id, m)).collect();
    for owner in reserves::find_waiting_owners(c, &users).await? {
        members.remove(&owner);
    }
    let plans = PlanVersions::load(c).await?;
    let known: Vec<UserId> = members.keys().copied().collect();
    let mut aggregates = BookingAggregate::lock_for_members(c, &known).await?;
    let (mut changes, mut deferred) = (BatchChanges::default(), Vec::new());
    for reserved in reserved {
        // A member's second reserve, and one beside waiting reserves, depends on what the first one changes.
        let Some(member) = members.remove(&reserved.user_id) else {
            deferred.push(reserved);
            continue;
        };
        let mut member_lock = MemberLock::new(member, reserved.at, reserved.at, plans.in_force(reserved.at)?);
        let mut own = aggregates.remove(&reserved.user_id).unwrap_or_default();
        let mut reserve = to_reserve(&reserved);
        let ReserveDecision { payments, changed } = decide_reserve(&mut member_lock, &mut own, &mut reserve)?;
        changes.reserves.push(reserve);
        changes.payments.extend(payments);
        changes.aggregates.extend(
            own.into_iter().enumerate().filter(|(index, _)| changed.contains(index)).map(|(_, aggregate)| aggregate),
        );
        let (member, events) = member_lock.into_parts();
        changes.members.push(member);
        changes.events.extend(events);
    }
    changes.save(c).await?;
    for reserved in deferred {
        receive(c, reserved).await?;
    }
    Ok(())
}

/// Rows and events to save for many members.
#[derive(Default)]
struct BatchChanges {
    reserves: Vec<Reserve>,
    payments: Vec<Payment>,
    aggregates: Vec<BookingAggregate>,
    members: Vec<Member>,
    events: Vec<OutboxEvent>,
}

impl BatchChanges {
    async fn save(self, c: &mut DbConnection) -> Result<(), BookingError> {
        reserves::insert_all(c, self.reserves).await?;
        payments::insert_all(c, self.payments).await?;
        BookingAggregate::save_all(c, self.aggregates).await?;
        members::save_all(c, self.members).await?;
        outbox::publish_all(c, self.events).await?;
        Ok(())
    }
}

fn to_reserve(reserved: &NewReserve) -> Reserve {
    Reserve {
        reserve_id: reserved.id,
        user_id: reserved.user_id,
        amount_paise: reserved.amount,
        waiting_paise: reserved.amount,
        applied_paise: Money::ZERO,
        released_paise: Money::ZERO,
        source_kind: reserved.source_kind.clone(),
        source_id: reserved.source_id.clone(),
        reserved_at: reserved.at,
    }
}

/// Allocates the member's waiting reserves again, after a change of their bookings.
pub async fn apply_waiting(c: &mut DbConnection, member_lock: &mut MemberLock) -> Result<(), BookingError> {
    let waiting = reserves::lock_waiting_for_member(c, member_lock.member.user_id).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let owner = member_lock.member.user_id;
    let mut aggregates = BookingAggregate::lock_for_members(c, &[owner]).await?.remove(&owner).unwrap_or_default();
    for mut reserve in waiting {
        let before = reserve.waiting_paise;
        let ReserveDecision { payments, changed } = decide_reserve(member_lock, &mut aggregates, &mut reserve)?;
        payments::insert_all(c, payments).await?;
        for (_, aggregate) in aggregates.iter_mut().enumerate().filter(|(index, _)| changed.contains(index)) {
            aggregate.save(c).await?;
        }
        if reserve.waiting_paise != before {
            reserves::save(c, &reserve).await?;
        }
    }
    Ok(())
}

/// Payments that a reserve was allocated to. The reserve and the member are changed in place.
struct ReserveDecision {
    payments: Vec<Payment>,
    /// Positions of the bookings that received a payment.
    changed: BTreeSet<usize>,
}

fn decide_reserve(
    member_lock: &mut MemberLock,
    aggregates: &mut [BookingAggregate],
    reserve: &mut Reserve,
) -> Result<ReserveDecision, BookingError> {
    let dues = aggregates.iter().map(booking_dues).collect::<Result<Vec<_>, _>>()?;
    let allocations = allocate(reserve.waiting_paise, &dues);
    let mut decision = ReserveDecision { payments: Vec::new(), changed: BTreeSet::new() };
    for (index, aggregate) in aggregates.iter_mut().enumerate() {
        let own: Vec<Allocation> = allocations.iter().filter(|p| p.booking == index).copied().collect();
        for allocation in &own {
            decision.payments.push(apply_allocation(member_lock, aggregate, reserve, *allocation)?);
        }
        if !own.is_empty() {
            member_lock.recalculate(aggregate)?;
            decision.changed.insert(index);
        }
    }
    if reserve.waiting_paise.is_positive() && should_release(aggregates.iter().map(|a| a.booking.status)) {
        release_rest(member_lock, reserve)?;
    }
    Ok(decision)
}

fn booking_dues(aggregate: &BookingAggregate) -> Result<BookingDues, MoneyError> {
    let unpaid = aggregate.instalments.iter().map(|row| UnpaidInstalment {
        n: count_from_column(row.n),
        due_on: row.due_on,
        amount: row.amount_paise.minus_or_zero(row.paid_paise),
    });
    Ok(BookingDues {
        status: aggregate.booking.status,
        payable: aggregate.amounts()?.payable(),
        unpaid: unpaid.filter(|u| u.amount.is_positive()).collect(),
    })
}

fn apply_allocation(
    member_lock: &mut MemberLock,
    aggregate: &mut BookingAggregate,
    reserve: &mut Reserve,
    allocation: Allocation,
) -> Result<Payment, BookingError> {
    let payment = Payment {
        id: id::fresh(),
        booking_id: aggregate.booking.id,
        user_id: aggregate.booking.user_id,
        amount_paise: allocation.amount,
        method: PaymentMethod::EmiDeduction,
        status: PaymentStatus::Completed,
        reason: String::new(),
        reference: None,
        gateway: None,
        gateway_order_id: None,
        gateway_payment_id: None,
        open_order_of: None,
        reserve_id: Some(reserve.reserve_id),
        plan_version: Some(i64::from(member_lock.plan_version())),
        created_at: member_lock.now(),
        completed_at: Some(member_lock.now()),
        closed_at: None,
        returned_at: None,
    };
    member_lock.record_completed(&payment, &aggregate.booking.number)?;
    reserve.waiting_paise = reserve.waiting_paise.sub(allocation.amount)?;
    reserve.applied_paise = reserve.applied_paise.add(allocation.amount)?;
    let applied = event::EmiApplied {
        application_id: id::fresh::<ApplicationId>().into(),
        reserve_id: reserve.reserve_id.into(),
        user_id: reserve.user_id.into(),
        amount_paise: allocation.amount.paise(),
        payment_id: payment.id.into(),
        booking_id: payment.booking_id.into(),
        booking_number: aggregate.booking.number.clone(),
        instalment: allocation.instalment,
        applied_at: member_lock.now().micros(),
    };
    aggregate.payments.push(payment.clone());
    member_lock.record_event(reserve.reserve_id, &applied);
    Ok(payment)
}

fn release_rest(member_lock: &mut MemberLock, reserve: &mut Reserve) -> Result<(), BookingError> {
    let amount = reserve.waiting_paise;
    reserve.waiting_paise = reserve.waiting_paise.sub(amount)?;
    reserve.released_paise = reserve.released_paise.add(amount)?;
    let released = event::EmiReleased {
        release_id: id::fresh::<ReleaseId>().into(),
        reserve_id: reserve.reserve_id.into(),
        user_id: reserve.user_id.into(),
        amount_paise: amount.paise(),
        reason: "every booking is paid for".to_owned(),
        released_at: member_lock.now().micros(),
    };
    member_lock.record_event(reserve.reserve_id, &released);
    Ok(())
}
