//! Table of vehicles' pictures, without their bytes.

use crate::domain::VehicleId;
use crate::schema::vehicle_pictures;
use crate::store::vehicles::CATALOGUE;
use blob_store::picture::PictureType;
use db::{AnyOfExt, Count, DbConnection};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// A picture of a vehicle, whose bytes the blob store holds under `blob_name`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = vehicle_pictures, check_for_backend(db::MultiBackend))]
pub struct VehiclePicture {
    pub vehicle_id: VehicleId,
    /// From 1; never used again.
    pub n: i64,
    pub content_type: PictureType,
    pub size_bytes: Count,
    pub sha256: Vec<u8>,
    pub blob_name: String,
    pub added_by: UserId,
    pub added_at: Timestamp,
}

/// Inserts a picture.
pub async fn insert(c: &mut DbConnection, picture: &VehiclePicture) -> QueryResult<()> {
    c.mark_changed(CATALOGUE);
    diesel::insert_into(vehicle_pictures::table).values(picture).execute(c).await.map(drop)
}

/// The picture of a vehicle with this number.
pub async fn find(c: &mut DbConnection, vehicle: VehicleId, n: i64) -> QueryResult<Option<VehiclePicture>> {
    vehicle_pictures::table.find((vehicle, n)).select(VehiclePicture::as_select()).first(c).await.optional()
}

/// The numbers of the pictures of these vehicles, in order.
pub async fn list_numbers(c: &mut DbConnection, vehicles: &[VehicleId]) -> QueryResult<Vec<(VehicleId, i64)>> {
    vehicle_pictures::table
        .filter(vehicle_pictures::vehicle_id.any_of(vehicles))
        .order((vehicle_pictures::vehicle_id, vehicle_pictures::n))
        .select((vehicle_pictures::vehicle_id, vehicle_pictures::n))
        .load(c)
        .await
}

/// Deletes a picture.
pub async fn delete(c: &mut DbConnection, vehicle: VehicleId, n: i64) -> QueryResult<()> {
    c.mark_changed(CATALOGUE);
    diesel::delete(vehicle_pictures::table.find((vehicle, n))).execute(c).await.map(drop)
}
