//! What gateways told: every genuine message as it came, and every payment they say they captured.

use crate::domain::{CaptureOutcome, GatewayName};
use crate::schema::{captures, webhook_events};
use db::{AnyOfExt, DbConnection, LockExt, UpsertExt, inserted};
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
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = webhook_events, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct WebhookEvent {
    pub gateway: GatewayName,
    /// A hash of its body.
    pub event_key: String,
    pub body: Vec<u8>,
    /// Why it could not be processed when it was last tried.
    pub error: String,
    pub received_at: Timestamp,
    pub processed_at: Option<Timestamp>,
}

/// False where this capture is known already.
pub async fn insert(c: &mut DbConnection, capture: &Capture) -> QueryResult<bool> {
    inserted(diesel::insert_into(captures::table).values(capture).execute(c).await)
}

/// The capture with this id, locked until the transaction ends.
pub async fn lock(c: &mut DbConnection, gateway: GatewayName, gateway_payment_id: &str) -> QueryResult<Capture> {
    captures::table.find((gateway, gateway_payment_id)).select(Capture::as_select()).lock().get_result(c).await
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
    captures::table.filter(captures::outcome.eq(CaptureOutcome::UnknownOrder)).count().get_result(c).await
}

/// Captures, newest first, told before `before`.
pub async fn page(
    c: &mut DbConnection,
    outcome: Option<CaptureOutcome>,
    before: Option<Timestamp>,
    limit: i64,
) -> QueryResult<Vec<Capture>> {
    let mut query = captures::table
        .select(Capture::as_select())
        .order((captures::captured_at.desc(), captures::gateway_payment_id))
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(outcome) = outcome {
        query = query.filter(captures::outcome.eq(outcome));
    }
    if let Some(before) = before {
        query = query.filter(captures::captured_at.lt(before));
    }
    query.load(c).await
}

/// Gives a known capture the order and the amount of `capture`.
pub async fn set_order(c: &mut DbConnection, capture: &Capture) -> QueryResult<()> {
    diesel::update(captures::table.find((capture.gateway, &capture.gateway_payment_id)))
        .set((captures::order_id.eq(&capture.order_id), captures::amount_paise.eq(capture.amount_paise)))
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

/// False where the message is known already.
pub async fn insert_event(c: &mut DbConnection, event: &WebhookEvent) -> QueryResult<bool> {
    inserted(diesel::insert_into(webhook_events::table).values(event).execute(c).await)
}

/// Keeps a message that could not be processed, for the job that tries again.
pub async fn keep_event(c: &mut DbConnection, event: &WebhookEvent) -> QueryResult<()> {
    diesel::insert_into(webhook_events::table)
        .values(event)
        .on_conflict_set(&[webhook_events::gateway::NAME, webhook_events::event_key::NAME], &[])
        .execute(c)
        .await
        .map(drop)
}

pub async fn event_is_processed(c: &mut DbConnection, gateway: GatewayName, key: &str) -> QueryResult<bool> {
    let event = webhook_events::table.find((gateway, key));
    Ok(event.select(webhook_events::processed_at).first::<Option<Timestamp>>(c).await?.is_some())
}

pub async fn set_event_processed(
    c: &mut DbConnection,
    gateway: GatewayName,
    key: &str,
    at: Timestamp,
) -> QueryResult<()> {
    diesel::update(webhook_events::table.find((gateway, key)))
        .set((webhook_events::processed_at.eq(Some(at)), webhook_events::error.eq("")))
        .execute(c)
        .await
        .map(drop)
}

/// Messages that were kept but not processed, oldest first.
pub async fn unprocessed_events(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<WebhookEvent>> {
    webhook_events::table
        .filter(webhook_events::processed_at.is_null())
        .order(webhook_events::received_at)
        .limit(limit)
        .select(WebhookEvent::as_select())
        .load(c)
        .await
}
