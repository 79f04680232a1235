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

/// Bookings with an online order opened before `before` that its gateway never answered.
pub async fn with_abandoned_orders(
    c: &mut DbConnection,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<BookingId>, BookingError> {
    let orders = payments::orders_open_since(c, before, limit).await?;
    Ok(orders.into_iter().map(|(_, booking)| booking).collect())
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
