//! How far the gateways' lists are walked, and when they are asked for single orders.

use crate::domain::{GatewayName, PaymentStatus};
use crate::schema::{order_checks, payments, reconciliations};
use db::{DbConnection, LockExt, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{PaymentId, Timestamp};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = reconciliations, primary_key(gateway), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Walk {
    pub gateway: GatewayName,
    pub done_until: Timestamp,
    pub walk_from: Option<Timestamp>,
    pub walk_until: Option<Timestamp>,
    pub walked: i64,
}

/// The walk through a gateway's list, begun as `first` where there is none, locked until the transaction ends.
pub async fn lock(c: &mut DbConnection, first: &Walk) -> QueryResult<Walk> {
    diesel::insert_into(reconciliations::table)
        .values(first)
        .on_conflict_set(&[reconciliations::gateway::NAME], &[])
        .execute(c)
        .await?;
    reconciliations::table.find(first.gateway).select(Walk::as_select()).lock().get_result(c).await
}

pub async fn save(c: &mut DbConnection, walk: &Walk) -> QueryResult<()> {
    diesel::update(reconciliations::table.find(walk.gateway)).set(walk).execute(c).await.map(drop)
}

/// An order whose gateway has told of no capture that could be applied.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct OpenOrder {
    pub payment_id: PaymentId,
    pub order_id: String,
    pub created_at: Timestamp,
}

/// Orders made from `from` to `until` that are not paid, and are to be asked for at `now`; oldest first.
pub async fn orders_to_ask(
    c: &mut DbConnection,
    gateway: GatewayName,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<OpenOrder>> {
    let unpaid = [PaymentStatus::Pending, PaymentStatus::Failed, PaymentStatus::Superseded];
    let rows: Vec<(PaymentId, Option<String>, Timestamp)> = payments::table
        .left_join(order_checks::table)
        .filter(payments::status.eq_any(unpaid))
        .filter(payments::created_at.between(from, until))
        .filter(payments::gateway.eq(gateway))
        .filter(payments::gateway_order_id.is_not_null())
        .filter(order_checks::next_at.is_null().or(order_checks::next_at.le(now)))
        .select((payments::id, payments::gateway_order_id, payments::created_at))
        .order(payments::created_at)
        .limit(limit)
        .load(c)
        .await?;
    let named = |(payment_id, order, created_at): (_, Option<String>, _)| {
        order.map(|order_id| OpenOrder { payment_id, order_id, created_at })
    };
    Ok(rows.into_iter().filter_map(named).collect())
}

pub async fn put_off(c: &mut DbConnection, id: PaymentId, next_at: Timestamp) -> QueryResult<()> {
    diesel::insert_into(order_checks::table)
        .values((order_checks::payment_id.eq(id), order_checks::next_at.eq(next_at)))
        .on_conflict_set(&[order_checks::payment_id::NAME], &[order_checks::next_at::NAME])
        .execute(c)
        .await
        .map(drop)
}
