//! A booking that nobody paid for in time gives its vehicle up.

use super::account::Account;
use super::folder::Folder;
use crate::domain::booking::{BookingCommand, BookingRefusal};
use crate::domain::payment::PaymentCommand;
use crate::error::BookingError;
use crate::store::{bookings, payments};
use db::DbConnection;
use domain::{BookingId, PaymentId, Timestamp};

/// Bookings made before `before` that have received nothing, in the order of ids after `after`.
pub async fn unpaid(
    c: &mut DbConnection,
    before: Timestamp,
    after: Option<BookingId>,
    limit: i64,
) -> Result<Vec<BookingId>, BookingError> {
    Ok(bookings::unpaid_since(c, before, after, limit).await?)
}

/// An online order that its gateway never answered.
#[derive(Debug, Clone, Copy)]
pub struct AbandonedOrder {
    pub booking_id: BookingId,
    /// Its place in the order in which they were made.
    pub place: (Timestamp, PaymentId),
}

/// Online orders opened before `before` that their gateway never answered, after `after`, oldest first.
pub async fn abandoned_orders(
    c: &mut DbConnection,
    before: Timestamp,
    after: Option<(Timestamp, PaymentId)>,
    limit: i64,
) -> Result<Vec<AbandonedOrder>, BookingError> {
    let orders = payments::orders_open_since(c, before, after, limit).await?;
    let order = |(id, booking_id, made)| AbandonedOrder { booking_id, place: (made, id) };
    Ok(orders.into_iter().map(order).collect())
}

/// Gives up online orders opened before `before`, which their gateway never answered, and then the booking if
/// it was made before `before` and nothing is paid or pending.
pub async fn expire(c: &mut DbConnection, id: BookingId, before: Timestamp, at: Timestamp) -> Result<(), BookingError> {
    let owner = bookings::owner(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut account = Account::lock(c, owner, at).await?;
    let mut folder = Folder::lock(c, id).await?;
    let abandoned: Vec<PaymentId> =
        folder.payments.iter().filter(|p| p.open_order_of.is_some() && p.created_at <= before).map(|p| p.id).collect();
    for payment in abandoned {
        account.close_payment(c, &mut folder, payment, PaymentCommand::Fail, "abandoned").await?;
    }
    if folder.booking.created_at <= before {
        match folder.take(BookingCommand::Expire) {
            Ok(true) => account.save(c, &mut folder).await?,
            Ok(false) | Err(BookingError::Booking(BookingRefusal::DoesNotExpire(_))) => {}
            Err(error) => return Err(error),
        }
    }
    account.finish(c).await
}
