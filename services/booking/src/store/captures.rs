//! Captures: every payment that a gateway says it has taken.

use crate::domain::{CaptureOutcome, GatewayName};
use crate::schema::captures;
use db::{AnyOfExt, DbConnection, LockExt, insert_many, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, Timestamp};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = captures, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Capture {
    pub gateway: GatewayName,
    pub gateway_payment_id: String,
    pub order_id: String,
    pub payment_id: Option<PaymentId>,
    pub amount_paise: Money,
    pub outcome: CaptureOutcome,
    pub captured_at: Timestamp,
    /// ISO 4217; `amount_paise` is in its smallest unit.
    pub currency: String,
    /// What had gone back at the gateway before this was recorded.
    pub refunded_paise: Money,
    /// When the gateway took it, where it says.
    pub taken_at: Option<Timestamp>,
}

/// False where this capture is known already.
pub async fn insert(c: &mut DbConnection, capture: &Capture) -> QueryResult<bool> {
    inserted(diesel::insert_into(captures::table).values(capture).execute(c).await)
}

/// Fails where one of the captures is known already.
pub async fn insert_all(c: &mut DbConnection, captures: Vec<Capture>) -> QueryResult<()> {
    insert_many(c, captures::table, captures).await.map(drop)
}

/// The capture with this id, locked until the transaction ends.
pub async fn lock(c: &mut DbConnection, gateway: GatewayName, gateway_payment_id: &str) -> QueryResult<Capture> {
    captures::table.find((gateway, gateway_payment_id)).select(Capture::as_select()).lock().get_result(c).await
}

pub async fn find(c: &mut DbConnection, gateway: GatewayName, id: &str) -> QueryResult<Option<Capture>> {
    captures::table.find((gateway, id)).select(Capture::as_select()).first(c).await.optional()
}

/// Marks a capture that no payment here was for as given back.
pub async fn set_refunded(c: &mut DbConnection, capture: &Capture) -> QueryResult<()> {
    diesel::update(captures::table.find((capture.gateway, &capture.gateway_payment_id)))
        .set(captures::outcome.eq(CaptureOutcome::Refunded))
        .execute(c)
        .await
        .map(drop)
}

/// Those of the captures with these ids that are known.
pub async fn find_all(c: &mut DbConnection, gateway: GatewayName, ids: &[&str]) -> QueryResult<Vec<Capture>> {
    captures::table
        .filter(captures::gateway.eq(gateway))
        .filter(captures::gateway_payment_id.any_of(ids))
        .select(Capture::as_select())
        .load(c)
        .await
}

pub async fn count_unplaced(c: &mut DbConnection) -> QueryResult<i64> {
    let unplaced = [CaptureOutcome::UnknownOrder, CaptureOutcome::NotTaken];
    captures::table.filter(captures::outcome.any_of(&unplaced)).count().get_result(c).await
}

/// The place of a capture in the list.
#[derive(Debug, Clone)]
pub struct Place {
    pub captured_at: Timestamp,
    pub gateway_payment_id: String,
    pub gateway: String,
}

/// Captures, newest first, after `after` in their list.
pub async fn page(
    c: &mut DbConnection,
    outcome: Option<CaptureOutcome>,
    after: Option<&Place>,
    limit: i64,
) -> QueryResult<Vec<Capture>> {
    let mut query = captures::table
        .select(Capture::as_select())
        .order((captures::captured_at.desc(), captures::gateway_payment_id.desc(), captures::gateway.desc()))
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(outcome) = outcome {
        query = query.filter(captures::outcome.eq(outcome));
    }
    if let Some(after) = after {
        let same_time = captures::captured_at.eq(after.captured_at);
        let same_id = captures::gateway_payment_id.eq(&after.gateway_payment_id);
        let later = captures::gateway_payment_id.lt(&after.gateway_payment_id);
        let gateway = captures::gateway.lt(&after.gateway);
        query =
            query.filter(captures::captured_at.lt(after.captured_at).or(same_time.and(later.or(same_id.and(gateway)))));
    }
    query.load(c).await
}

/// Gives a known capture the order, the amount and the currency of `capture`.
pub async fn set_order(c: &mut DbConnection, capture: &Capture) -> QueryResult<()> {
    diesel::update(captures::table.find((capture.gateway, &capture.gateway_payment_id)))
        .set((
            captures::order_id.eq(&capture.order_id),
            captures::amount_paise.eq(capture.amount_paise),
            captures::currency.eq(&capture.currency),
            captures::refunded_paise.eq(capture.refunded_paise),
            captures::taken_at.eq(capture.taken_at),
        ))
        .execute(c)
        .await
        .map(drop)
}

pub async fn set_outcome(
    c: &mut DbConnection,
    capture: &Capture,
    payment_id: PaymentId,
    outcome: CaptureOutcome,
) -> QueryResult<()> {
    diesel::update(captures::table.find((capture.gateway, &capture.gateway_payment_id)))
        .set((captures::payment_id.eq(Some(payment_id)), captures::outcome.eq(outcome)))
        .execute(c)
        .await
        .map(drop)
}

/// Captures of an order that no payment was known for when they came.
pub async fn lock_unknown_of(c: &mut DbConnection, gateway: GatewayName, order: &str) -> QueryResult<Vec<Capture>> {
    captures::table
        .filter(captures::gateway.eq(gateway))
        .filter(captures::order_id.eq(order))
        .filter(captures::outcome.eq(CaptureOutcome::UnknownOrder))
        .select(Capture::as_select())
        .lock()
        .get_results(c)
        .await
}
