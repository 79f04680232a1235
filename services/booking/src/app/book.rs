//! A member books a vehicle at the catalogue's price.

use super::account::Account;
use super::folder::Folder;
use super::schedule_emi;
use crate::domain::booking::{HIGHEST_PRICE, check_booking_amount};
use crate::domain::text::booking_number;
use crate::domain::{BookingStatus, VehicleId};
use crate::error::BookingError;
use crate::store::bookings::{self, Booking};
use crate::store::vehicles::{self, Vehicle};
use chassis::id;
use db::DbConnection;
use domain::{BookingId, Money, Timestamp, UserId};

#[derive(Debug, Clone)]
pub struct NewBooking {
    pub user_id: UserId,
    /// Who referred the member, as their access token says; kept from the first booking on.
    pub referrer: Option<UserId>,
    pub vehicle_id: VehicleId,
    pub booking_amount: Money,
    pub emi_months: Option<u32>,
}

/// Numbers are random; one that is taken already is drawn again.
const DRAWS: u32 = 4;

pub async fn book(c: &mut DbConnection, new: &NewBooking, at: Timestamp) -> Result<Folder, BookingError> {
    let mut account = Account::lock(c, new.user_id, at).await?;
    account.member.referrer_id = account.member.referrer_id.or(new.referrer);
    // A price from before there was a limit sells nothing.
    let vehicle = vehicles::find(c, new.vehicle_id).await?.filter(|v| v.is_active && v.price_paise <= HIGHEST_PRICE);
    let vehicle = vehicle.ok_or(BookingError::VehicleNotOnSale)?;
    check_booking_amount(new.booking_amount, account.plan().booking.minimum_amount, vehicle.price_paise)?;
    let booking = insert(c, new, &vehicle, at).await?;
    let mut folder = Folder::of(booking, Vec::new(), Vec::new());
    if let Some(months) = new.emi_months {
        schedule_emi::add(c, &account, &mut folder, months).await?;
        bookings::save(c, &folder.booking).await?;
    }
    account.tell(folder.booking.id, &folder.snapshot());
    account.finish(c).await?;
    Ok(folder)
}

async fn insert(
    c: &mut DbConnection,
    new: &NewBooking,
    vehicle: &Vehicle,
    at: Timestamp,
) -> Result<Booking, BookingError> {
    for _ in 0..DRAWS {
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
    Err(BookingError::Broken("no free booking number was drawn".to_owned()))
}
