//! Expiry of unpaid bookings and of abandoned online orders.

use super::booking_aggregate::BookingAggregate;
use super::finish_change::finish_change;
use super::member_lock::MemberLock;
use crate::domain::booking::{BookingCommand, BookingRefusal};
use crate::domain::payment::PaymentCommand;
use crate::error::BookingError;
use crate::store::{bookings, payments};
use db::DbConnection;
use domain::{BookingId, PaymentId, Timestamp};

/// Lists bookings created before `before` without a completed payment, by id, after `after`.
pub async fn list_unpaid(
    c: &mut DbConnection,
    before: Timestamp,
    after: Option<BookingId>,
    limit: i64,
) -> Result<Vec<BookingId>, BookingError> {
    Ok(bookings::list_unpaid_before(c, before, after, limit).await?)
}

/// A pending online order for which the gateway reported neither a capture nor a failure.
#[derive(Debug, Clone, Copy)]
pub struct AbandonedOrder {
    pub booking_id: BookingId,
    /// Sort position: creation time, then id.
    pub position: (Timestamp, PaymentId),
}

/// Lists abandoned online orders created before `before`, oldest first, after `after`.
pub async fn list_abandoned_orders(
    c: &mut DbConnection,
    before: Timestamp,
    after: Option<(Timestamp, PaymentId)>,
    limit: i64,
) -> Result<Vec<AbandonedOrder>, BookingError> {
    let orders = payments::list_open_orders(c, before, after, limit).await?;
    let order = |(id, booking_id, created_at)| AbandonedOrder { booking_id, position: (created_at, id) };
    Ok(orders.into_iter().map(order).collect())
}

/// Fails the booking's abandoned online orders, then expires the booking when it was created before `before` and
/// nothing is paid or pending. Errors with `NotFound` when the booking does not exist.
pub async fn expire(c: &mut DbConnection, id: BookingId, before: Timestamp, at: Timestamp) -> Result<(), BookingError> {
    let owner = bookings::find_owner(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut member_lock = MemberLock::acquire(c, owner, at).await?;
    let mut aggregate = BookingAggregate::lock(c, id).await?;
    let abandoned: Vec<PaymentId> = aggregate
        .payments
        .iter()
        .filter(|p| p.open_order_of.is_some() && p.created_at <= before)
        .map(|p| p.id)
        .collect();
    for payment in abandoned {
        member_lock.close_payment(c, &mut aggregate, payment, PaymentCommand::Fail, "abandoned").await?;
    }
    if aggregate.booking.created_at <= before {
        match aggregate.apply(BookingCommand::Expire) {
            Ok(true) => member_lock.save_booking(c, &mut aggregate).await?,
            Ok(false) | Err(BookingError::Booking(BookingRefusal::DoesNotExpire(_))) => {}
            Err(error) => return Err(error),
        }
    }
    finish_change(c, member_lock).await
}
