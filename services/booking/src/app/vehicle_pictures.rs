//! Pictures of vehicles. Their bytes are stored before, and deleted after the transaction.

use crate::domain::VehicleId;
use crate::error::BookingError;
use crate::store::vehicle_pictures::{self, VehiclePicture};
use crate::store::vehicles;
use db::DbConnection;

/// Pictures of a vehicle.
const MAX_PICTURES: usize = 10;

/// Adds a picture under the next number of its vehicle, which is set in it. Errors with `NotFound` when the vehicle does
/// not exist, and with `TooManyPictures`.
pub async fn add(c: &mut DbConnection, picture: &VehiclePicture) -> Result<VehiclePicture, BookingError> {
    let mut vehicle = vehicles::find_for_update(c, picture.vehicle_id).await?.ok_or(BookingError::NotFound)?;
    if vehicle_pictures::list_numbers(c, &[vehicle.id]).await?.len() >= MAX_PICTURES {
        return Err(BookingError::TooManyPictures(MAX_PICTURES));
    }
    vehicle.last_picture += 1;
    vehicles::update(c, &vehicle).await?;
    let picture = VehiclePicture { n: vehicle.last_picture, ..picture.clone() };
    vehicle_pictures::insert(c, &picture).await?;
    Ok(picture)
}

/// Removes a picture and returns it; `None` when it was removed before. Errors with `NotFound` when the vehicle never had
/// it.
pub async fn remove(c: &mut DbConnection, id: VehicleId, n: i64) -> Result<Option<VehiclePicture>, BookingError> {
    let vehicle = vehicles::find_for_update(c, id).await?.ok_or(BookingError::NotFound)?;
    if !(1..=vehicle.last_picture).contains(&n) {
        return Err(BookingError::NotFound);
    }
    let picture = vehicle_pictures::find(c, id, n).await?;
    if picture.is_some() {
        vehicle_pictures::delete(c, id, n).await?;
    }
    Ok(picture)
}
