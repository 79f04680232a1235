//! Table of stock adjustments: changes of the stock by staff.

use crate::domain::{StockAdjustmentId, VehicleId};
use crate::schema::stock_adjustments;
use db::{DbConnection, SortOrder, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// A change of the units on hand.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = stock_adjustments, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct StockAdjustment {
    pub id: StockAdjustmentId,
    pub vehicle_id: VehicleId,
    /// Units added, or taken away.
    pub change_by: i64,
    /// Units on hand after it.
    pub on_hand: i64,
    pub reason: String,
    pub adjusted_by: UserId,
    pub adjusted_at: Timestamp,
}

/// Inserts an adjustment.
pub async fn insert(c: &mut DbConnection, adjustment: &StockAdjustment) -> QueryResult<()> {
    diesel::insert_into(stock_adjustments::table).values(adjustment).execute(c).await.map(drop)
}

/// Adjustments of a vehicle by id, after `after`.
pub async fn list(
    c: &mut DbConnection,
    vehicle: VehicleId,
    order: SortOrder,
    after: Option<StockAdjustmentId>,
    limit: i64,
) -> QueryResult<Vec<StockAdjustment>> {
    let rows = stock_adjustments::table.filter(stock_adjustments::vehicle_id.eq(vehicle)).limit(limit);
    let query = rows.select(StockAdjustment::as_select()).into_boxed::<db::MultiBackend>();
    keyset!(query, order, stock_adjustments::id, after).load(c).await
}
