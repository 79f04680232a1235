//! Delivery of a vehicle that is paid in full.

use super::buyer_session::BuyerSession;
use crate::domain::aggregate::{Command, Delivery};
use crate::error::BookingError;
use crate::store::{bookings, documents};
use db::DbConnection;
use domain::{BookingId, Timestamp};

/// Records the delivery. Returns whether anything changed; a delivered booking stays as it is. Errors with `NotFound`,
/// with `DeliveryDay` when the day is not between the booking and today, with `VehicleNumberUsed` when another booking
/// has the vehicle, with `DeliveryDocument` when the document is not known, is not the buyer's or proves another delivery,
/// and with `Refused` when its status does not allow it.
pub async fn deliver(
    c: &mut DbConnection,
    id: BookingId,
    delivery: &Delivery,
    at: Timestamp,
) -> Result<bool, BookingError> {
    let mut session = BuyerSession::lock_booking(c, id, at).await?;
    if !(session.booking(id)?.booking().created_at.day()..=at.day()).contains(&delivery.on) {
        return Err(BookingError::DeliveryDay);
    }
    session.apply(id, &Command::Deliver(delivery))?;
    if !session.is_changed() {
        return Ok(false);
    }
    if bookings::lock_delivered(c, delivery.vehicle_number.as_str()).await?.is_some() {
        return Err(BookingError::VehicleNumberUsed);
    }
    let owner = session.booking(id)?.booking().user_id;
    if let Some(document) = delivery.document_id {
        let known = documents::lock(c, document).await?;
        if !known.is_some_and(|d| d.user_id == owner && d.delivery_of.is_none_or(|of| of == id)) {
            return Err(BookingError::DeliveryDocument);
        }
        documents::set_delivery(c, document, id).await?;
    }
    session.finish(c).await?;
    Ok(true)
}
