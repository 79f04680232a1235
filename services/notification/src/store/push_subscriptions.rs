//! Table `push_subscriptions`: browsers with web push.

use crate::domain::subscription::SubscriptionId;
use crate::schema::push_subscriptions as t;
use db::{AnyOfExt, DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// A subscription of a browser.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct SubscriptionRow {
    /// Derived from the address.
    pub(crate) id: SubscriptionId,
    pub(crate) user_id: UserId,
    /// SHA-256 of the address, which is too long for a unique key.
    pub(crate) endpoint_hash: Vec<u8>,
    pub(crate) endpoint: String,
    /// Public key of the browser: an uncompressed point of P-256.
    pub(crate) public_key: Vec<u8>,
    /// Secret that the browser shares with this service.
    pub(crate) secret: Vec<u8>,
    pub(crate) created_at: Timestamp,
}

/// Inserts a subscription. The same address of another member, as on a shared computer, becomes this member's.
pub(crate) async fn save(c: &mut DbConnection, row: &SubscriptionRow) -> QueryResult<()> {
    let columns = &[t::user_id::NAME, t::public_key::NAME, t::secret::NAME, t::created_at::NAME];
    diesel::insert_into(t::table).values(row).on_conflict_set(&[t::id::NAME], columns).execute(c).await.map(drop)
}

/// Lists the subscriptions of these members, oldest first.
pub(crate) async fn list(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<SubscriptionRow>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let rows = t::table.filter(t::user_id.any_of(users)).order((t::user_id, t::id));
    let mut rows: Vec<SubscriptionRow> = rows.select(SubscriptionRow::as_select()).load(c).await?;
    rows.sort_by_key(|row| (row.user_id, row.created_at));
    Ok(rows)
}

/// Finds subscriptions by their ids.
pub(crate) async fn list_by_id(c: &mut DbConnection, ids: &[SubscriptionId]) -> QueryResult<Vec<SubscriptionRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    t::table.filter(t::id.any_of(ids)).select(SubscriptionRow::as_select()).load(c).await
}

/// Deletes a subscription of the member. Returns whether there was one.
pub(crate) async fn delete_own(c: &mut DbConnection, user: UserId, id: SubscriptionId) -> QueryResult<bool> {
    Ok(diesel::delete(t::table.find(id).filter(t::user_id.eq(user))).execute(c).await? > 0)
}

/// Deletes a subscription that its push service no longer knows.
pub(crate) async fn delete(c: &mut DbConnection, id: SubscriptionId) -> QueryResult<()> {
    diesel::delete(t::table.find(id)).execute(c).await.map(drop)
}

/// Deletes all subscriptions of these members.
pub(crate) async fn delete_all(c: &mut DbConnection, users: &[UserId]) -> QueryResult<()> {
    diesel::delete(t::table.filter(t::user_id.any_of(users))).execute(c).await.map(drop)
}
