//! Publication of the numbers of receipts, in their order.

use super::outgoing_events;
use crate::domain::aggregate::BookingEvent;
use crate::error::BookingError;
use crate::store::{bookings, payments, receipt_counters};
use db::DbConnection;
use domain::{BookingId, Timestamp};
use std::collections::HashMap;

/// Receipts that are published in one transaction.
const MAX_RECEIPTS: i64 = 200;

/// Publishes the next receipts whose number is not published yet. Returns whether there may be more.
///
/// Numbers have no gaps, so the last published one of each year says what is left, also for the receipts of a version
/// that did not publish them.
pub async fn publish_receipts(c: &mut DbConnection, now: Timestamp) -> Result<bool, BookingError> {
    let Some((year, published)) = receipt_counters::lock_unpublished(c).await? else { return Ok(false) };
    let numbered = payments::list_by_receipt(c, &year, published, MAX_RECEIPTS).await?;
    let Some(last) = numbered.iter().filter_map(|payment| payment.receipt_number).max() else { return Ok(false) };
    let ids: Vec<BookingId> = numbered.iter().map(|payment| payment.booking_id).collect();
    let numbers: HashMap<BookingId, String> =
        bookings::list_by_ids(c, &ids).await?.into_iter().map(|booking| (booking.id, booking.number)).collect();
    let events: Vec<BookingEvent> = numbered
        .into_iter()
        .map(|payment| {
            let booking_number = numbers.get(&payment.booking_id).cloned().unwrap_or_default();
            BookingEvent::ReceiptNumbered { payment, booking_number, at: now }
        })
        .collect();
    outgoing_events::publish(c, &events).await?;
    receipt_counters::set_published(c, &year, last).await?;
    Ok(true)
}
