//! Table `sms_deliveries`: SMS at their providers, and their delivery.

use crate::domain::delivery::DeliveryState;
use crate::schema::sms_deliveries as t;
use db::{DbConnection, LockExt, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// An SMS at its provider.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct DeliveryRow {
    pub(crate) provider: String,
    pub(crate) message_id: String,
    pub(crate) state: DeliveryState,
    pub(crate) error_code: Option<String>,
    /// `None` while only a receipt has arrived, as the next two.
    pub(crate) recipient: Option<String>,
    pub(crate) has_code: Option<bool>,
    pub(crate) sent_at: Option<Timestamp>,
    /// Time of the receipt that gave the state.
    pub(crate) reported_at: Option<Timestamp>,
    pub(crate) recorded_at: Timestamp,
}

/// Inserts a message; `false` when it is known.
pub(crate) async fn insert(c: &mut DbConnection, row: &DeliveryRow) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(row).execute(c).await)
}

/// Completes a message that a receipt made known, with what was sent.
pub(crate) async fn save_sent(c: &mut DbConnection, row: &DeliveryRow) -> QueryResult<()> {
    diesel::update(t::table.find((&row.provider, &row.message_id)))
        .set((t::recipient.eq(row.recipient.as_deref()), t::has_code.eq(row.has_code), t::sent_at.eq(row.sent_at)))
        .execute(c)
        .await
        .map(drop)
}

/// Finds and locks the state of a message.
pub(crate) async fn lock_state(
    c: &mut DbConnection,
    provider: &str,
    message_id: &str,
) -> QueryResult<Option<DeliveryState>> {
    t::table.find((provider, message_id)).select(t::state).lock().get_result(c).await.optional()
}

/// Saves a reported state.
pub(crate) async fn save_state(c: &mut DbConnection, row: &DeliveryRow) -> QueryResult<()> {
    diesel::update(t::table.find((&row.provider, &row.message_id)))
        .set((t::state.eq(row.state), t::error_code.eq(row.error_code.as_deref()), t::reported_at.eq(row.reported_at)))
        .execute(c)
        .await
        .map(drop)
}

/// Conditions of a list of messages; `None` means any.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeliveryQuery {
    pub(crate) state: Option<DeliveryState>,
    pub(crate) recipient: Option<String>,
}

/// Lists sent messages, newest first, starting after the time and id of the last one.
pub(crate) async fn list(
    c: &mut DbConnection,
    conditions: &DeliveryQuery,
    after: Option<(Timestamp, String)>,
    limit: i64,
) -> QueryResult<Vec<DeliveryRow>> {
    let mut query = t::table
        .filter(t::sent_at.is_not_null())
        .order((t::sent_at.desc(), t::message_id.desc()))
        .limit(limit)
        .select(DeliveryRow::as_select())
        .into_boxed::<db::MultiBackend>();
    if let Some(state) = conditions.state {
        query = query.filter(t::state.eq(state));
    }
    if let Some(recipient) = conditions.recipient.clone() {
        query = query.filter(t::recipient.eq(recipient));
    }
    if let Some((at, id)) = after {
        let earlier = t::sent_at.lt(at).or(t::sent_at.eq(at).and(t::message_id.lt(id)));
        // The first condition is redundant, but without it neither database seeks into the index.
        query = query.filter(t::sent_at.le(at)).filter(earlier);
    }
    query.load(c).await
}

/// Deletes messages that became known before `end`.
pub(crate) async fn delete_old(c: &mut DbConnection, end: Timestamp) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::recorded_at.lt(end))).execute(c).await
}
