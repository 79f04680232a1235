//! Loading of locked members, and of locked bookings with their payments and instalments, with one query a table.
//!
//! Members are locked before their bookings, each by id.

use crate::domain::aggregate::{Booking, BookingAggregate, Member};
use crate::error::BookingError;
use crate::store::{bookings, instalments, members, payments, reserves};
use db::DbConnection;
use domain::{BookingId, PaymentId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Locks the known members among `users` who have no waiting EMI reserve.
pub(super) async fn lock_members_without_reserves(
    c: &mut DbConnection,
    users: &BTreeSet<UserId>,
) -> Result<BTreeMap<UserId, Member>, BookingError> {
    let users: Vec<UserId> = users.iter().copied().collect();
    let found = members::lock_existing(c, &users).await?;
    let mut members: BTreeMap<UserId, Member> = found.into_iter().map(|m| (m.user_id, m)).collect();
    for owner in reserves::find_waiting_owners(c, &users).await? {
        members.remove(&owner);
    }
    Ok(members)
}

/// Locks a booking and its open payments. Errors with `NotFound` when the booking does not exist.
pub(super) async fn lock(c: &mut DbConnection, id: BookingId) -> Result<BookingAggregate, BookingError> {
    let booking = bookings::lock(c, id).await?;
    with_parts(c, vec![booking]).await?.pop().ok_or(BookingError::NotFound)
}

/// As [`lock`], with one payment of the booking in any status.
pub(super) async fn lock_with_payment(
    c: &mut DbConnection,
    id: BookingId,
    payment: PaymentId,
) -> Result<BookingAggregate, BookingError> {
    let mut booking = lock(c, id).await?;
    if booking.payment(payment).is_err() {
        booking.add_stored_payment(payments::lock(c, payment).await?);
    }
    Ok(booking)
}

/// Locks these bookings, by id.
pub(super) async fn lock_all(
    c: &mut DbConnection,
    ids: &BTreeSet<BookingId>,
) -> Result<BTreeMap<BookingId, BookingAggregate>, BookingError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<BookingId> = ids.iter().copied().collect();
    let found = bookings::lock_all(c, &ids).await?;
    Ok(with_parts(c, found).await?.into_iter().map(|booking| (booking.booking().id, booking)).collect())
}

/// Locks every booking of these members, oldest first.
pub(super) async fn lock_for_members(
    c: &mut DbConnection,
    users: &[UserId],
) -> Result<BTreeMap<UserId, Vec<BookingAggregate>>, BookingError> {
    if users.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = bookings::lock_for_members(c, users).await?;
    let mut by_member: BTreeMap<UserId, Vec<BookingAggregate>> = BTreeMap::new();
    for booking in with_parts(c, found).await? {
        by_member.entry(booking.booking().user_id).or_default().push(booking);
    }
    Ok(by_member)
}

/// Loads the payments and instalments of locked bookings. Keeps their order.
async fn with_parts(c: &mut DbConnection, found: Vec<Booking>) -> Result<Vec<BookingAggregate>, BookingError> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<BookingId> = found.iter().map(|b| b.id).collect();
    let payments = payments::lock_open_for_bookings(c, &ids).await?;
    let with_emi: Vec<BookingId> = found.iter().filter(|b| b.emi_months > 0).map(|b| b.id).collect();
    let instalments =
        if with_emi.is_empty() { Vec::new() } else { instalments::list_for_bookings(c, &with_emi).await? };
    let aggregate = |booking: Booking| {
        let payments = payments.iter().filter(|p| p.booking_id == booking.id).cloned().collect();
        let instalments = instalments.iter().filter(|i| i.booking_id == booking.id).cloned().collect();
        BookingAggregate::new(booking, payments, instalments)
    };
    Ok(found.into_iter().map(aggregate).collect())
}
