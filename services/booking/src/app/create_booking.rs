//! Creation of a booking, at the catalogue's price.

use super::booking_aggregate::BookingAggregate;
use super::finish_change::finish_change;
use super::member_lock::MemberLock;
use super::schedule_emi;
use crate::domain::booking::{MAX_VEHICLE_PRICE, check_booking_amount};
use crate::domain::text::booking_number;
use crate::domain::{BookingStatus, VehicleId};
use crate::error::BookingError;
use crate::store::bookings::{self, Booking};
use crate::store::vehicles::{self, Vehicle};
use chassis::id;
use db::DbConnection;
use domain::{BookingId, Money, Timestamp, UserId};

/// A booking as requested.
#[derive(Debug, Clone)]
pub struct NewBooking {
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
/// `VehicleNotOnSale`, with `Booking` when the booking amount is out of range, and with `Emi`.
pub async fn create(c: &mut DbConnection, new: &NewBooking, at: Timestamp) -> Result<BookingAggregate, BookingError> {
    let mut member_lock = MemberLock::acquire(c, new.user_id, at).await?;
    member_lock.member.referrer_id = member_lock.member.referrer_id.or(new.referrer);
    // Vehicles priced before the limit existed may exceed it.
    let vehicle =
        vehicles::find(c, new.vehicle_id).await?.filter(|v| v.is_active && v.price_paise <= MAX_VEHICLE_PRICE);
    let vehicle = vehicle.ok_or(BookingError::VehicleNotOnSale)?;
    check_booking_amount(new.booking_amount, member_lock.plan().booking.minimum_amount, vehicle.price_paise)?;
    let booking = insert_booking(c, new, &vehicle, at).await?;
    let mut aggregate = BookingAggregate::new(booking, Vec::new(), Vec::new());
    if let Some(months) = new.emi_months {
        schedule_emi::add_schedule(c, &member_lock, &mut aggregate, months).await?;
        bookings::save(c, &aggregate.booking).await?;
    }
    member_lock.record_event(aggregate.booking.id, &aggregate.snapshot());
    finish_change(c, member_lock).await?;
    Ok(aggregate)
}

async fn insert_booking(
    c: &mut DbConnection,
    new: &NewBooking,
    vehicle: &Vehicle,
    at: Timestamp,
) -> Result<Booking, BookingError> {
    for _ in 0..MAX_NUMBER_ATTEMPTS {
        let booking_id: BookingId = id::fresh();
        let (_, random) = booking_id.uuid().as_u64_pair();
        let booking = Booking {
            id: booking_id,
            number: booking_number(at.day(), random),
            user_id: new.user_id,
            vehicle_id: vehicle.id,
            vehicle: vehicle.label(),
            price_paise: vehicle.price_paise,
            booking_amount_paise: new.booking_amount,
            total_paid_paise: Money::ZERO,
            status: BookingStatus::PreBooked,
            emi_months: 0,
            emi_principal_paise: Money::ZERO,
            version: 1,
            reason: String::new(),
            created_at: at,
            confirmed_at: None,
            changed_at: at,
        };
        if bookings::insert(c, &booking).await? {
            return Ok(booking);
        }
    }
    Err(BookingError::Inconsistent("no unused booking number found".to_owned()))
}
