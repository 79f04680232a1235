//! Queries of the table `captures`: every payment that a gateway reported as captured.

use crate::domain::{CaptureOutcome, GatewayName};
use crate::schema::captures;
use db::{AnyOfExt, DbConnection, LockExt, SortOrder, insert_many, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, Timestamp, UserId};

/// A capture reported by a gateway.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = captures, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Capture {
    pub gateway: GatewayName,
    pub gateway_payment_id: String,
    pub order_id: String,
    pub payment_id: Option<PaymentId>,
    pub amount_paise: Money,
    pub outcome: CaptureOutcome,
    /// When this service recorded the capture.
    pub captured_at: Timestamp,
    /// ISO 4217; `amount_paise` is in its smallest unit.
    pub currency: String,
    /// The part that the gateway had refunded before the capture was recorded.
    pub refunded_paise: Money,
    /// Capture time, when the gateway reports one.
    pub taken_at: Option<Timestamp>,
    /// The resolution by staff. All three columns or none are set.
    pub resolved_by: Option<UserId>,
    pub resolved_at: Option<Timestamp>,
    pub resolution_reason: Option<String>,
    /// The member whose wallet a resolution credited.
    pub credited_user_id: Option<UserId>,
}

/// Inserts a capture. False when it is stored already.
pub async fn insert(c: &mut DbConnection, capture: &Capture) -> QueryResult<bool> {
    inserted(diesel::insert_into(captures::table).values(capture).execute(c).await)
}

/// Inserts several captures. Errors when one of them is stored already.
pub async fn insert_all(c: &mut DbConnection, captures: Vec<Capture>) -> QueryResult<()> {
    insert_many(c, captures::table, captures).await.map(drop)
}

/// Locks a capture until the transaction ends.
pub async fn lock(c: &mut DbConnection, gateway: GatewayName, gateway_payment_id: &str) -> QueryResult<Capture> {
    captures::table.find((gateway, gateway_payment_id)).select(Capture::as_select()).lock().get_result(c).await
}

/// The capture with this gateway payment id.
pub async fn find(c: &mut DbConnection, gateway: GatewayName, id: &str) -> QueryResult<Option<Capture>> {
    captures::table.find((gateway, id)).select(Capture::as_select()).first(c).await.optional()
}

/// Marks an unmatched capture as refunded at the gateway.
pub async fn set_refunded(c: &mut DbConnection, capture: &Capture) -> QueryResult<()> {
    diesel::update(captures::table.find((capture.gateway, &capture.gateway_payment_id)))
        .set(captures::outcome.eq(CaptureOutcome::Refunded))
        .execute(c)
        .await
        .map(drop)
}

/// The stored captures among these gateway payment ids.
pub async fn list_by_ids(c: &mut DbConnection, gateway: GatewayName, ids: &[&str]) -> QueryResult<Vec<Capture>> {
    captures::table
        .filter(captures::gateway.eq(gateway))
        .filter(captures::gateway_payment_id.any_of(ids))
        .select(Capture::as_select())
        .load(c)
        .await
}

/// Captures of a gateway that were recorded from `from` to before `to`, by time and id, after `after`.
pub async fn list_recorded(
    c: &mut DbConnection,
    gateway: GatewayName,
    (from, to): (Timestamp, Timestamp),
    after: Option<&(Timestamp, String)>,
    limit: i64,
) -> QueryResult<Vec<Capture>> {
    use captures as t;
    let mut query = t::table
        .filter(t::gateway.eq(gateway))
        .filter(t::captured_at.ge(from))
        .filter(t::captured_at.lt(to))
        .order((t::captured_at, t::gateway_payment_id))
        .limit(limit)
        .select(Capture::as_select())
        .into_boxed::<db::MultiBackend>();
    if let Some((time, id)) = after {
        query = query.filter(t::captured_at.gt(*time).or(t::captured_at.eq(*time).and(t::gateway_payment_id.gt(id))));
    }
    query.load(c).await
}

/// The number of captures that match no payment or are not accepted.
pub async fn count_unmatched(c: &mut DbConnection) -> QueryResult<i64> {
    let unplaced = [CaptureOutcome::UnknownOrder, CaptureOutcome::NotTaken];
    captures::table.filter(captures::outcome.any_of(&unplaced)).count().get_result(c).await
}

/// Recording times of the captures with this outcome, oldest first.
pub async fn list_times(c: &mut DbConnection, outcome: CaptureOutcome, limit: i64) -> QueryResult<Vec<Timestamp>> {
    captures::table
        .filter(captures::outcome.eq(outcome))
        .order(captures::captured_at)
        .limit(limit)
        .select(captures::captured_at)
        .load(c)
        .await
}

/// The position of a capture in the list.
#[derive(Debug, Clone)]
pub struct CaptureCursor {
    pub captured_at: Timestamp,
    pub gateway_payment_id: String,
    pub gateway: String,
}

/// Captures by time, id and gateway, after `after`.
pub async fn list(
    c: &mut DbConnection,
    outcome: Option<CaptureOutcome>,
    order: SortOrder,
    after: Option<&CaptureCursor>,
    limit: i64,
) -> QueryResult<Vec<Capture>> {
    use captures as t;
    let query = t::table.select(Capture::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    let mut query = match order {
        SortOrder::Ascending => query.order((t::captured_at.asc(), t::gateway_payment_id.asc(), t::gateway.asc())),
        SortOrder::Descending => query.order((t::captured_at.desc(), t::gateway_payment_id.desc(), t::gateway.desc())),
    };
    if let Some(outcome) = outcome {
        query = query.filter(t::outcome.eq(outcome));
    }
    if let Some(CaptureCursor { captured_at, gateway_payment_id: id, gateway }) = after {
        let (same_time, same_id) = (t::captured_at.eq(*captured_at), t::gateway_payment_id.eq(id));
        query = match order {
            SortOrder::Ascending => {
                let later = t::gateway_payment_id.gt(id).or(same_id.and(t::gateway.gt(gateway)));
                query.filter(t::captured_at.gt(*captured_at).or(same_time.and(later)))
            }
            SortOrder::Descending => {
                let earlier = t::gateway_payment_id.lt(id).or(same_id.and(t::gateway.lt(gateway)));
                query.filter(t::captured_at.lt(*captured_at).or(same_time.and(earlier)))
            }
        };
    }
    query.load(c).await
}

/// Overwrites a stored capture's order, amounts, currency and capture time with those of `capture`.
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

/// Stores the outcome of a capture and the payment it was for.
pub async fn set_outcome(
    c: &mut DbConnection,
    capture: &Capture,
    payment_id: Option<PaymentId>,
    outcome: CaptureOutcome,
) -> QueryResult<()> {
    diesel::update(captures::table.find((capture.gateway, &capture.gateway_payment_id)))
        .set((captures::payment_id.eq(payment_id), captures::outcome.eq(outcome)))
        .execute(c)
        .await
        .map(drop)
}

/// Stores the resolution of a capture.
pub async fn set_resolution(c: &mut DbConnection, capture: &Capture) -> QueryResult<()> {
    diesel::update(captures::table.find((capture.gateway, &capture.gateway_payment_id)))
        .set((
            captures::resolved_by.eq(capture.resolved_by),
            captures::resolved_at.eq(capture.resolved_at),
            captures::resolution_reason.eq(&capture.resolution_reason),
            captures::credited_user_id.eq(capture.credited_user_id),
        ))
        .execute(c)
        .await
        .map(drop)
}

/// Locks the captures of an order that had no payment when they were received.
pub async fn lock_unknown_for_order(
    c: &mut DbConnection,
    gateway: GatewayName,
    order: &str,
) -> QueryResult<Vec<Capture>> {
    captures::table
        .filter(captures::gateway.eq(gateway))
        .filter(captures::order_id.eq(order))
        .filter(captures::outcome.eq(CaptureOutcome::UnknownOrder))
        .select(Capture::as_select())
        .lock()
        .get_results(c)
        .await
}
