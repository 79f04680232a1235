//! Administrators add vehicles and change them. A change of price concerns later bookings only.

use crate::domain::VehicleId;
use crate::error::BookingError;
use crate::store::vehicles::{self, Vehicle};
use db::DbConnection;
use domain::{Money, Timestamp};

#[derive(Debug, Clone, Default)]
pub struct VehicleChange {
    pub model: Option<String>,
    pub variant: Option<String>,
    pub price: Option<Money>,
    pub is_active: Option<bool>,
}

pub async fn add(c: &mut DbConnection, vehicle: &Vehicle) -> Result<(), BookingError> {
    Ok(vehicles::insert(c, vehicle).await?)
}

pub async fn change(
    c: &mut DbConnection,
    id: VehicleId,
    change: &VehicleChange,
    at: Timestamp,
) -> Result<Vehicle, BookingError> {
    let mut vehicle = vehicles::find_for_update(c, id).await?.ok_or(BookingError::NotFound)?;
    let change = change.clone();
    vehicle.model = change.model.unwrap_or(vehicle.model);
    vehicle.variant = change.variant.unwrap_or(vehicle.variant);
    vehicle.price_paise = change.price.unwrap_or(vehicle.price_paise);
    vehicle.is_active = change.is_active.unwrap_or(vehicle.is_active);
    vehicle.changed_at = at;
    vehicles::update(c, &vehicle).await?;
    Ok(vehicle)
}
