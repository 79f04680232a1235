//! Vehicle catalogue: creation and change of vehicles. Bookings keep the price at which they were made.

use crate::domain::VehicleId;
use crate::error::BookingError;
use crate::store::vehicles::{self, Vehicle};
use db::DbConnection;
use domain::gst::HsnCode;
use domain::{Money, Timestamp};

/// New values of a vehicle's fields; `None` keeps the stored value.
#[derive(Debug, Clone, Default)]
pub struct VehicleChange {
    pub model: Option<String>,
    pub variant: Option<String>,
    pub price: Option<Money>,
    pub is_active: Option<bool>,
    /// Whether its units are not counted any more.
    pub ends_counting: bool,
    /// `Some(None)` clears it; so for the options.
    pub hsn: Option<Option<HsnCode>>,
    pub colour: Option<Option<String>>,
    pub battery: Option<Option<String>>,
}

/// Inserts a vehicle.
pub async fn create(c: &mut DbConnection, vehicle: &Vehicle) -> Result<(), BookingError> {
    Ok(vehicles::insert(c, vehicle).await?)
}

/// Changes a vehicle and returns it as it was and as it is. Errors with `NotFound` when it does not exist.
pub async fn update(
    c: &mut DbConnection,
    id: VehicleId,
    change: &VehicleChange,
    at: Timestamp,
) -> Result<(Vehicle, Vehicle), BookingError> {
    let before = vehicles::find_for_update(c, id).await?.ok_or(BookingError::NotFound)?;
    let (mut vehicle, change) = (before.clone(), change.clone());
    vehicle.model = change.model.unwrap_or(vehicle.model);
    vehicle.variant = change.variant.unwrap_or(vehicle.variant);
    vehicle.price_paise = change.price.unwrap_or(vehicle.price_paise);
    vehicle.is_active = change.is_active.unwrap_or(vehicle.is_active);
    vehicle.hsn = change.hsn.unwrap_or(vehicle.hsn);
    vehicle.colour = change.colour.unwrap_or(vehicle.colour);
    vehicle.battery = change.battery.unwrap_or(vehicle.battery);
    if change.ends_counting {
        vehicle.on_hand = None;
    }
    vehicle.changed_at = at;
    vehicles::update(c, &vehicle).await?;
    Ok((before, vehicle))
}
