//! Queries of the tables `reconciliations` (scan progress of each gateway's list) and `order_checks` (due order
//! checks).

use crate::domain::{GatewayName, PaymentStatus};
use crate::schema::{order_checks, payments, reconciliations};
use db::{AnyOfExt, Count, DbConnection, LockExt, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{PaymentId, Timestamp};

/// Scan progress of a gateway's list.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = reconciliations, primary_key(gateway), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct ReconciliationRow {
    pub gateway: GatewayName,
    pub done_until: Timestamp,
    pub walk_from: Option<Timestamp>,
    pub walk_until: Option<Timestamp>,
    pub walked: Count,
    pub walked_id: String,
}

/// Locks the progress of a gateway until the transaction ends. Inserts `first` when there is none.
pub async fn lock(c: &mut DbConnection, first: &ReconciliationRow) -> QueryResult<ReconciliationRow> {
    diesel::insert_into(reconciliations::table)
        .values(first)
        .on_conflict_set(&[reconciliations::gateway::NAME], &[])
        .execute(c)
        .await?;
    reconciliations::table.find(first.gateway).select(ReconciliationRow::as_select()).lock().get_result(c).await
}

/// Saves the progress.
pub async fn save(c: &mut DbConnection, row: &ReconciliationRow) -> QueryResult<()> {
    diesel::update(reconciliations::table.find(row.gateway)).set(row).execute(c).await.map(drop)
}

/// An order without a capture that completed its payment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct OpenOrder {
    pub payment_id: PaymentId,
    pub order_id: String,
    pub created_at: Timestamp,
}

/// A due order check, with the status of the payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCheck {
    pub order: OpenOrder,
    pub status: PaymentStatus,
}

/// Order checks of `gateway` that are due at `now`, the most overdue first.
pub async fn list_due_checks(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<DueCheck>> {
    let rows: Vec<(PaymentId, Option<String>, Timestamp, PaymentStatus)> = order_checks::table
        .inner_join(payments::table)
        .filter(order_checks::gateway.eq(gateway))
        .filter(order_checks::next_at.le(now))
        .order(order_checks::next_at)
        .limit(limit)
        .select((payments::id, payments::gateway_order_id, payments::created_at, payments::status))
        .load(c)
        .await?;
    let check = |(payment_id, order, created_at, status): (_, Option<String>, _, _)| DueCheck {
        order: OpenOrder { payment_id, order_id: order.unwrap_or_default(), created_at },
        status,
    };
    Ok(rows.into_iter().map(check).collect())
}

/// Schedules the check of an order at `next_at`, or moves it there.
pub async fn schedule_check(
    c: &mut DbConnection,
    id: PaymentId,
    gateway: GatewayName,
    next_at: Timestamp,
) -> QueryResult<()> {
    let row = (order_checks::payment_id.eq(id), order_checks::next_at.eq(next_at), order_checks::gateway.eq(gateway));
    diesel::insert_into(order_checks::table)
        .values(row)
        .on_conflict_set(&[order_checks::payment_id::NAME], &[order_checks::next_at::NAME, order_checks::gateway::NAME])
        .execute(c)
        .await
        .map(drop)
}

/// Deletes the checks of these orders.
pub async fn delete_checks(c: &mut DbConnection, ids: &[PaymentId]) -> QueryResult<()> {
    diesel::delete(order_checks::table.filter(order_checks::payment_id.any_of(ids))).execute(c).await.map(drop)
}
