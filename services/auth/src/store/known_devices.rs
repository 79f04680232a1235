//! Table `known_devices`: browsers and networks from which a user signed in, with the time of the last sign-in.

use crate::schema::known_devices as t;
use db::{DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// Finds the time of the user's last sign-in by a browser of this family from this network.
pub(crate) async fn find_last_sign_in(
    c: &mut DbConnection,
    user: UserId,
    family: &str,
    network: &str,
) -> QueryResult<Option<Timestamp>> {
    t::table.find((user, family, network)).select(t::last_sign_in_at).first(c).await.optional()
}

/// Inserts or updates the last sign-in.
pub(crate) async fn save(
    c: &mut DbConnection,
    user: UserId,
    family: &str,
    network: &str,
    now: Timestamp,
) -> QueryResult<()> {
    let row = (t::user_id.eq(user), t::family.eq(family), t::network.eq(network), t::last_sign_in_at.eq(now));
    diesel::insert_into(t::table)
        .values(row)
        .on_conflict_set(&[t::user_id::NAME, t::family::NAME, t::network::NAME], &[t::last_sign_in_at::NAME])
        .execute(c)
        .await
        .map(drop)
}

/// Deletes devices without a sign-in since `last_before`.
pub(crate) async fn delete_unused(c: &mut DbConnection, last_before: Timestamp) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::last_sign_in_at.lt(last_before))).execute(c).await
}

/// Deletes all devices of a user.
pub(crate) async fn delete_all(c: &mut DbConnection, user: UserId) -> QueryResult<()> {
    diesel::delete(t::table.filter(t::user_id.eq(user))).execute(c).await.map(drop)
}
