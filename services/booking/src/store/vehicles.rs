//! Queries of the table `vehicles`: the catalogue.

use crate::domain::VehicleId;
use crate::domain::stock::{Stock, StockChange};
use crate::schema::vehicles;
use db::{AnyOfExt, DbConnection, LockExt, SortOrder, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::gst::HsnCode;
use domain::{Money, Timestamp};

/// Name under which answers of the catalogue are cached. Each statement that changes one marks it.
pub(crate) const CATALOGUE: &str = "catalogue";

/// Maximal length of a name with its options, in this and other services.
const MAX_LABEL_CHARS: usize = 170;

/// A vehicle of the catalogue.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = vehicles, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Vehicle {
    pub id: VehicleId,
    pub model: String,
    pub variant: String,
    pub price_paise: Money,
    pub is_active: bool,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    /// Units in the company's possession; null where they are not counted.
    pub on_hand: Option<i64>,
    /// Units on hand that bookings have reserved.
    pub reserved: i64,
    /// Code of the product for taxes; none = that of the settings.
    pub hsn: Option<HsnCode>,
    pub colour: Option<String>,
    /// Name of its battery option.
    pub battery: Option<String>,
    /// Number of its last picture; a number is never used again.
    pub last_picture: i64,
}

impl Vehicle {
    /// The name in bookings, receipts and events, with its options.
    pub fn label(&self) -> String {
        let options: Vec<&str> = [&self.colour, &self.battery].into_iter().flatten().map(String::as_str).collect();
        let name = format!("{} {}", self.model, self.variant);
        let label = if options.is_empty() { name } else { format!("{name}, {}", options.join(", ")) };
        label.chars().take(MAX_LABEL_CHARS).collect()
    }
    /// Its stock.
    pub const fn stock(&self) -> Stock {
        Stock { on_hand: self.on_hand, reserved: self.reserved }
    }
}

/// The vehicle with this id.
pub async fn find(c: &mut DbConnection, id: VehicleId) -> QueryResult<Option<Vehicle>> {
    vehicles::table.find(id).select(Vehicle::as_select()).first(c).await.optional()
}

/// The vehicle with this id, locked until the transaction ends.
pub async fn find_for_update(c: &mut DbConnection, id: VehicleId) -> QueryResult<Option<Vehicle>> {
    vehicles::table.find(id).select(Vehicle::as_select()).lock().get_result(c).await.optional()
}

/// The product codes of the vehicles with these ids that have one of their own.
pub async fn list_hsn(c: &mut DbConnection, ids: &[VehicleId]) -> QueryResult<Vec<(VehicleId, Option<HsnCode>)>> {
    vehicles::table.filter(vehicles::id.any_of(ids)).select((vehicles::id, vehicles::hsn)).load(c).await
}

/// Vehicles on sale, or all vehicles, by id, after `after`.
pub async fn list(
    c: &mut DbConnection,
    is_all: bool,
    order: SortOrder,
    after: Option<VehicleId>,
    limit: i64,
) -> QueryResult<Vec<Vehicle>> {
    let query = vehicles::table.select(Vehicle::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, order, vehicles::id, after);
    if !is_all {
        query = query.filter(vehicles::is_active.eq(true));
    }
    query.load(c).await
}

/// Times of the last changes of vehicles on sale of which at most `units` can be booked, oldest first.
pub async fn list_low_stock_times(c: &mut DbConnection, units: i64, limit: i64) -> QueryResult<Vec<Timestamp>> {
    vehicles::table
        .filter(vehicles::is_active.eq(true))
        .filter(vehicles::on_hand.le((vehicles::reserved + units).nullable()))
        .order(vehicles::changed_at)
        .limit(limit)
        .select(vehicles::changed_at)
        .load(c)
        .await
}

/// Changes the stock of a vehicle by what a booking uses.
pub async fn change_stock(c: &mut DbConnection, id: VehicleId, change: StockChange) -> QueryResult<()> {
    let stock = (
        vehicles::on_hand.eq(vehicles::on_hand + change.on_hand),
        vehicles::reserved.eq(vehicles::reserved + change.reserved),
    );
    c.mark_changed(CATALOGUE);
    diesel::update(vehicles::table.find(id)).set(stock).execute(c).await.map(drop)
}

/// Inserts a vehicle.
pub async fn insert(c: &mut DbConnection, vehicle: &Vehicle) -> QueryResult<()> {
    c.mark_changed(CATALOGUE);
    diesel::insert_into(vehicles::table).values(vehicle).execute(c).await.map(drop)
}

/// Updates a vehicle.
pub async fn update(c: &mut DbConnection, vehicle: &Vehicle) -> QueryResult<()> {
    c.mark_changed(CATALOGUE);
    diesel::update(vehicles::table.find(vehicle.id)).set(vehicle).execute(c).await.map(drop)
}
