//! Creation of a booking, at the catalogue's price, and its quote.

use super::buyer_session::BuyerSession;
use super::plan_versions::plan_in_force;
use super::stock;
use crate::domain::VehicleId;
use crate::domain::aggregate::{Booking, BookingAggregate, Context, Instalment, Member, NewBooking};
use crate::domain::booking::MAX_VEHICLE_PRICE;
use crate::domain::emi;
use crate::domain::stock::{StockUse, UnitOffer};
use crate::domain::text::booking_number;
use crate::error::BookingError;
use crate::store::vehicles::Vehicle;
use crate::store::{bookings, vehicles};
use db::DbConnection;
use domain::gst::StateCode;
use domain::{BookingId, Day, Money, Timestamp, UserId};
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
    /// The state where the vehicle is delivered.
    pub place_of_supply: Option<StateCode>,
}

/// Attempts to generate a booking number that is not in use. Numbers are random.
const MAX_NUMBER_ATTEMPTS: u32 = 4;

/// Creates a booking with status `pre_booked`, and its EMI schedule when months are given. Errors with
/// `VehicleNotOnSale` or `SoldOut`, and with `Refused` when the booking amount or the months are out of range.
pub async fn create(
    c: &mut DbConnection,
    request: &BookingRequest,
    at: Timestamp,
) -> Result<(Booking, Vec<Instalment>), BookingError> {
    let mut session = BuyerSession::lock(c, request.user_id, at).await?;
    session.buyer.set_referrer(request.referrer);
    let vehicle = load_on_sale(c, request.vehicle_id).await?;
    let stock_use = reserved_by(stock::lock_offer(c, &vehicle).await?)?;
    for _ in 0..MAX_NUMBER_ATTEMPTS {
        let new = new_booking(request, &vehicle, stock_use, at.day());
        let (opened, event) = BookingAggregate::open(new, session.context())?;
        if bookings::insert(c, opened.booking()).await? {
            stock::apply_changes(c, [(vehicle.id, StockUse::None.change_to(stock_use))].into_iter()).await?;
            let answer = (opened.booking().clone(), opened.instalments().to_vec());
            session.add_opened(opened, event);
            session.finish(c).await?;
            return Ok(answer);
        }
    }
    Err(BookingError::Inconsistent("no unused booking number found".to_owned()))
}

/// The vehicle with this id. Errors with `VehicleNotOnSale`.
async fn load_on_sale(c: &mut DbConnection, id: VehicleId) -> Result<Vehicle, BookingError> {
    // Vehicles priced before the limit existed may exceed it.
    let vehicle = vehicles::find(c, id).await?.filter(|v| v.is_active && v.price_paise <= MAX_VEHICLE_PRICE);
    vehicle.ok_or(BookingError::VehicleNotOnSale)
}

/// What a new booking uses of the stock. Errors with `SoldOut`.
fn reserved_by(offer: UnitOffer) -> Result<StockUse, BookingError> {
    match offer {
        UnitOffer::NotCounted => Ok(StockUse::None),
        UnitOffer::Available => Ok(StockUse::Reserved),
        UnitOffer::SoldOut => Err(BookingError::SoldOut),
    }
}

fn new_booking(request: &BookingRequest, vehicle: &Vehicle, stock_use: StockUse, today: Day) -> NewBooking {
    let id: BookingId = id::fresh();
    let (_, random) = id.uuid().as_u64_pair();
    NewBooking {
        id,
        number: booking_number(today, random),
        user_id: request.user_id,
        vehicle_id: vehicle.id,
        vehicle: vehicle.label(),
        price: vehicle.price_paise,
        booking_amount: request.booking_amount,
        emi_months: request.emi_months,
        stock_use,
        place_of_supply: request.place_of_supply.clone(),
    }
}

/// A booking as it could become.
#[derive(Debug, Clone)]
pub struct BookingQuote {
    pub booking: Booking,
    /// The instalments; those of a booking that is not confirmed have the due dates of one that is confirmed today.
    pub instalments: Vec<Instalment>,
    /// The range of months of an EMI.
    pub emi_months: (u32, u32),
}

impl BookingQuote {
    pub(super) fn new(quoted: &BookingAggregate, context: &Context) -> Self {
        let today = context.now.day();
        let with_due = |i: &Instalment| {
            let due_on = i.due_on.unwrap_or_else(|| emi::due_on(today, i.n));
            Instalment { due_on: Some(due_on), ..i.clone() }
        };
        let terms = &context.plan.booking;
        Self {
            booking: quoted.booking().clone(),
            instalments: quoted.instalments().iter().map(with_due).collect(),
            emi_months: (terms.emi_months_min, terms.emi_months_max),
        }
    }
}

/// Quotes a booking without any change. Errors as [`create`] does.
pub async fn quote(
    c: &mut DbConnection,
    request: &BookingRequest,
    at: Timestamp,
) -> Result<BookingQuote, BookingError> {
    let member = Member::new(request.user_id);
    let session = BuyerSession::new(member, Vec::new(), (at, at), plan_in_force(c, at).await?);
    let vehicle = load_on_sale(c, request.vehicle_id).await?;
    let stock_use = reserved_by(vehicle.stock().offer())?;
    let (opened, _) = BookingAggregate::open(new_booking(request, &vehicle, stock_use, at.day()), session.context())?;
    Ok(BookingQuote::new(&opened, session.context()))
}
