//! Creation of a booking, at the catalogue's price.

use super::buyer_session::BuyerSession;
use crate::domain::VehicleId;
use crate::domain::aggregate::{Booking, BookingAggregate, Instalment, NewBooking};
use crate::domain::booking::MAX_VEHICLE_PRICE;
use crate::domain::text::booking_number;
use crate::error::BookingError;
use crate::store::{bookings, vehicles};
use db::DbConnection;
use domain::{BookingId, Money, Timestamp, UserId};
use runtime::id;

/// A booking as requested.
#[derive(Debug, Clone)]
pub struct BookingRequest {
    pub user_id: UserId,
    /// The member's referrer from the access token; stored with the first booking.
    pub referrer: Option<UserId>,
    pub vehicle_id: VehicleId,
    pub booking_amount: Money,
    pub emi_months: Option<u32>,
}

/// Attempts to generate a booking number that is not in use. Numbers are random.
const MAX_NUMBER_ATTEMPTS: u32 = 4;

/// Creates a booking with status `pre_booked`, and its EMI schedule when months are given. Errors with
/// `VehicleNotOnSale`, and with `Refused` when the booking amount or the months are out of range.
pub async fn create(
    c: &mut DbConnection,
    request: &BookingRequest,
    at: Timestamp,
) -> Result<(Booking, Vec<Instalment>), BookingError> {
    let mut session = BuyerSession::lock(c, request.user_id, at).await?;
    session.buyer.set_referrer(request.referrer);
    // Vehicles priced before the limit existed may exceed it.
    let vehicle =
        vehicles::find(c, request.vehicle_id).await?.filter(|v| v.is_active && v.price_paise <= MAX_VEHICLE_PRICE);
    let vehicle = vehicle.ok_or(BookingError::VehicleNotOnSale)?;
    for _ in 0..MAX_NUMBER_ATTEMPTS {
        let id: BookingId = id::fresh();
        let (_, random) = id.uuid().as_u64_pair();
        let new = NewBooking {
            id,
            number: booking_number(at.day(), random),
            user_id: request.user_id,
            vehicle_id: vehicle.id,
            vehicle: vehicle.label(),
            price: vehicle.price_paise,
            booking_amount: request.booking_amount,
            emi_months: request.emi_months,
        };
        let (opened, event) = BookingAggregate::open(new, session.context())?;
        if bookings::insert(c, opened.booking()).await? {
            let answer = (opened.booking().clone(), opened.instalments().to_vec());
            session.add_opened(opened, event);
            session.finish(c).await?;
            return Ok(answer);
        }
    }
    Err(BookingError::Inconsistent("no unused booking number found".to_owned()))
}
