//! Refunds that gateways reported, whoever made them.

use crate::domain::refund::{GatewayRefundOutcome, GatewayRefundState};
use crate::domain::{GatewayName, GatewayRefundId};
use crate::schema::gateway_refunds as t;
use db::{AnyOfExt, DbConnection, LockExt, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, Timestamp};
use std::collections::BTreeSet;

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = t, primary_key(gateway, gateway_refund_id), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct GatewayRefundRow {
    pub gateway: GatewayName,
    pub gateway_refund_id: String,
    pub id: GatewayRefundId,
    pub gateway_payment_id: String,
    /// The payment it is of, where that is known.
    pub payment_id: Option<PaymentId>,
    pub amount_paise: Money,
    pub currency: String,
    /// The id of our refund, where we made it; else what the gateway has, or nothing.
    pub receipt: String,
    pub state: GatewayRefundState,
    pub outcome: GatewayRefundOutcome,
    /// What was clawed back from the payer's wallet because of it.
    pub clawback_paise: Money,
    pub reported_at: Timestamp,
    /// How often the gateway was asked about it.
    pub attempts: i64,
    /// Null once nothing more is to be asked.
    pub next_attempt_at: Option<Timestamp>,
}

/// False where it is known already.
pub async fn insert(c: &mut DbConnection, row: &GatewayRefundRow) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(row).execute(c).await)
}

pub async fn save(c: &mut DbConnection, row: &GatewayRefundRow) -> QueryResult<()> {
    diesel::update(t::table.find((row.gateway, &row.gateway_refund_id))).set(row).execute(c).await.map(drop)
}

pub async fn lock(c: &mut DbConnection, gateway: GatewayName, id: &str) -> QueryResult<GatewayRefundRow> {
    t::table.find((gateway, id)).select(GatewayRefundRow::as_select()).lock().get_result(c).await
}

/// The refunds of a gateway's payment, locked, in the order in which they were first reported.
pub async fn lock_of(c: &mut DbConnection, gateway: GatewayName, payment: &str) -> QueryResult<Vec<GatewayRefundRow>> {
    t::table
        .filter(t::gateway.eq(gateway))
        .filter(t::gateway_payment_id.eq(payment))
        .order(t::id)
        .select(GatewayRefundRow::as_select())
        .lock()
        .get_results(c)
        .await
}

/// Those of a gateway's payments of which a refund is known.
pub async fn payments_among(
    c: &mut DbConnection,
    gateway: GatewayName,
    payments: &[&str],
) -> QueryResult<BTreeSet<String>> {
    let found = t::table.filter(t::gateway.eq(gateway)).filter(t::gateway_payment_id.any_of(payments));
    let found: Vec<String> = found.select(t::gateway_payment_id).load(c).await?;
    Ok(found.into_iter().collect())
}

/// What is known of the refunds with these ids: their ids and states.
pub async fn states(
    c: &mut DbConnection,
    gateway: GatewayName,
    ids: &[&str],
) -> QueryResult<Vec<(String, GatewayRefundState)>> {
    t::table
        .filter(t::gateway.eq(gateway))
        .filter(t::gateway_refund_id.any_of(ids))
        .select((t::gateway_refund_id, t::state))
        .load(c)
        .await
}

/// Refunds, newest first, before `before`.
pub async fn page(
    c: &mut DbConnection,
    outcome: Option<GatewayRefundOutcome>,
    before: Option<GatewayRefundId>,
    limit: i64,
) -> QueryResult<Vec<GatewayRefundRow>> {
    let mut query = t::table
        .select(GatewayRefundRow::as_select())
        .order(t::id.desc())
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(outcome) = outcome {
        query = query.filter(t::outcome.eq(outcome));
    }
    if let Some(before) = before {
        query = query.filter(t::id.lt(before));
    }
    query.load(c).await
}

/// Refunds that the gateway has to be asked about at `now`.
pub async fn due(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    limit: i64,
) -> QueryResult<Vec<GatewayRefundRow>> {
    t::table
        .filter(t::gateway.eq(gateway))
        .filter(t::next_attempt_at.le(now))
        .order(t::next_attempt_at)
        .limit(limit)
        .select(GatewayRefundRow::as_select())
        .load(c)
        .await
}

pub async fn count_unmatched(c: &mut DbConnection) -> QueryResult<i64> {
    t::table.filter(t::outcome.eq(GatewayRefundOutcome::Unmatched)).count().get_result(c).await
}
