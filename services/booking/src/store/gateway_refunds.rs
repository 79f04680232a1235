//! Queries of the table `gateway_refunds`: refunds that gateways reported.

use crate::domain::refund::{GatewayRefundOutcome, GatewayRefundState};
use crate::domain::{GatewayName, GatewayRefundId};
use crate::schema::gateway_refunds as t;
use db::{AnyOfExt, DbConnection, LockExt, SortOrder, inserted, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, Timestamp};
use std::collections::BTreeSet;

/// A refund as its gateway reported it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = t, primary_key(gateway, gateway_refund_id), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct GatewayRefundRow {
    pub gateway: GatewayName,
    pub gateway_refund_id: String,
    pub id: GatewayRefundId,
    pub gateway_payment_id: String,
    /// The refunded payment, when it is known.
    pub payment_id: Option<PaymentId>,
    pub amount_paise: Money,
    pub currency: String,
    /// The id of this service's refund when it was requested here; else the gateway's own receipt, or empty.
    pub receipt: String,
    pub state: GatewayRefundState,
    pub outcome: GatewayRefundOutcome,
    /// The amount clawed back from the payer's wallet because of it.
    pub clawback_paise: Money,
    pub reported_at: Timestamp,
    /// Number of status checks.
    pub attempts: i64,
    /// Time of the next status check; null when none is needed.
    pub next_attempt_at: Option<Timestamp>,
}

/// Inserts a reported refund. False when it is stored already.
pub async fn insert(c: &mut DbConnection, row: &GatewayRefundRow) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(row).execute(c).await)
}

/// Saves a reported refund.
pub async fn save(c: &mut DbConnection, row: &GatewayRefundRow) -> QueryResult<()> {
    diesel::update(t::table.find((row.gateway, &row.gateway_refund_id))).set(row).execute(c).await.map(drop)
}

/// Locks a reported refund until the transaction ends.
pub async fn lock(c: &mut DbConnection, gateway: GatewayName, id: &str) -> QueryResult<GatewayRefundRow> {
    t::table.find((gateway, id)).select(GatewayRefundRow::as_select()).lock().get_result(c).await
}

/// Locks the refunds of a gateway's payment, in the order of their first report.
pub async fn lock_for_payment(
    c: &mut DbConnection,
    gateway: GatewayName,
    payment: &str,
) -> QueryResult<Vec<GatewayRefundRow>> {
    t::table
        .filter(t::gateway.eq(gateway))
        .filter(t::gateway_payment_id.eq(payment))
        .order(t::id)
        .select(GatewayRefundRow::as_select())
        .lock()
        .get_results(c)
        .await
}

/// The gateway payment ids among `payments` that have a reported refund.
pub async fn find_refunded_payments(
    c: &mut DbConnection,
    gateway: GatewayName,
    payments: &[&str],
) -> QueryResult<BTreeSet<String>> {
    let found = t::table.filter(t::gateway.eq(gateway)).filter(t::gateway_payment_id.any_of(payments));
    let found: Vec<String> = found.select(t::gateway_payment_id).load(c).await?;
    Ok(found.into_iter().collect())
}

/// Ids and states of the stored refunds among `ids`.
pub async fn list_states(
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

/// The stored refunds among `ids`.
pub async fn list_by_ids(
    c: &mut DbConnection,
    gateway: GatewayName,
    ids: &[&str],
) -> QueryResult<Vec<GatewayRefundRow>> {
    t::table
        .filter(t::gateway.eq(gateway))
        .filter(t::gateway_refund_id.any_of(ids))
        .select(GatewayRefundRow::as_select())
        .load(c)
        .await
}

/// Refunds by id, after `after`.
pub async fn list(
    c: &mut DbConnection,
    outcome: Option<GatewayRefundOutcome>,
    order: SortOrder,
    after: Option<GatewayRefundId>,
    limit: i64,
) -> QueryResult<Vec<GatewayRefundRow>> {
    let query = t::table.select(GatewayRefundRow::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, order, t::id, after);
    if let Some(outcome) = outcome {
        query = query.filter(t::outcome.eq(outcome));
    }
    query.load(c).await
}

/// Refunds with a status check due at `now`, the most overdue first.
pub async fn list_due(
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

/// The number of refunds that match no payment.
pub async fn count_unmatched(c: &mut DbConnection) -> QueryResult<i64> {
    t::table.filter(t::outcome.eq(GatewayRefundOutcome::Unmatched)).count().get_result(c).await
}
