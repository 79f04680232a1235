//! Expiry of unpaid bookings and of abandoned online orders.

use super::buyer_session::BuyerSession;
use crate::domain::aggregate::Command;
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
    let mut session = BuyerSession::lock_booking(c, id, at).await?;
    session.apply(id, &Command::Expire { before })?;
    session.finish(c).await
}
