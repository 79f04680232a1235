//! The catalogue.

use crate::domain::VehicleId;
use crate::schema::vehicles;
use db::{DbConnection, LockExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Timestamp};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = vehicles, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Vehicle {
    pub id: VehicleId,
    pub model: String,
    pub variant: String,
    pub price_paise: Money,
    pub is_active: bool,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

impl Vehicle {
    /// As bookings, receipts and events call it.
    pub fn label(&self) -> String {
        format!("{} {}", self.model, self.variant)
    }
}

pub async fn find(c: &mut DbConnection, id: VehicleId) -> QueryResult<Option<Vehicle>> {
    vehicles::table.find(id).select(Vehicle::as_select()).first(c).await.optional()
}

pub async fn find_for_update(c: &mut DbConnection, id: VehicleId) -> QueryResult<Option<Vehicle>> {
    vehicles::table.find(id).select(Vehicle::as_select()).lock().get_result(c).await.optional()
}

/// Newest first; those taken off sale are left out.
pub async fn on_sale(c: &mut DbConnection, after: Option<VehicleId>, limit: i64) -> QueryResult<Vec<Vehicle>> {
    let mut query = vehicles::table
        .filter(vehicles::is_active.eq(true))
        .select(Vehicle::as_select())
        .order(vehicles::id.desc())
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(vehicles::id.lt(after));
    }
    query.load(c).await
}

pub async fn insert(c: &mut DbConnection, vehicle: &Vehicle) -> QueryResult<()> {
    diesel::insert_into(vehicles::table).values(vehicle).execute(c).await.map(drop)
}

pub async fn update(c: &mut DbConnection, vehicle: &Vehicle) -> QueryResult<()> {
    diesel::update(vehicles::table.find(vehicle.id)).set(vehicle).execute(c).await.map(drop)
}
