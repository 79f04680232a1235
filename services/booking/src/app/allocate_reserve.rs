//! Allocation of an EMI reserve to the instalments and bookings of its member.

use super::booking_aggregate::{BookingAggregate, count_from_column};
use super::member_lock::MemberLock;
use crate::domain::reserve::{Allocation, BookingDues, UnpaidInstalment, allocate, should_release};
use crate::domain::{ApplicationId, PaymentStatus, ReleaseId};
use crate::error::BookingError;
use crate::store::payments::{self, Payment};
use crate::store::reserves::{self, Reserve};
use chassis::id;
use db::DbConnection;
use domain::{MoneyError, PaymentMethod};
use proto_events::booking::v1 as event;
use std::collections::BTreeSet;

/// Allocates the member's waiting reserves again, after a change of their bookings.
pub(super) async fn apply_waiting(c: &mut DbConnection, member_lock: &mut MemberLock) -> Result<(), BookingError> {
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
pub(super) struct ReserveDecision {
    pub(super) payments: Vec<Payment>,
    /// Positions of the bookings that received a payment.
    pub(super) changed: BTreeSet<usize>,
}

/// Allocates what waits of a reserve to the member's bookings, and releases the rest when every booking is paid.
pub(super) fn decide_reserve(
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
