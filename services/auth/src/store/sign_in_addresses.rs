//! Table `sign_in_addresses`: addresses from which an identifier signed in, with the time of the last sign-in.

use crate::domain::address::ClientAddress;
use crate::domain::identifier::Identifier;
use crate::schema::sign_in_addresses as t;
use db::{DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// Finds the time of the last sign-in of the identifier from this address.
pub(crate) async fn find_last_sign_in(
    c: &mut DbConnection,
    identifier: &Identifier,
    address: ClientAddress,
) -> QueryResult<Option<Timestamp>> {
    t::table.find((identifier.as_str(), address.to_string())).select(t::last_sign_in_at).first(c).await.optional()
}

/// Inserts or updates the last sign-in.
pub(crate) async fn save(
    c: &mut DbConnection,
    identifier: &Identifier,
    address: ClientAddress,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(t::table)
        .values((t::identifier.eq(identifier.as_str()), t::address.eq(address.to_string()), t::last_sign_in_at.eq(now)))
        .on_conflict_set(&[t::identifier::NAME, t::address::NAME], &[t::last_sign_in_at::NAME])
        .execute(c)
        .await
        .map(drop)
}

/// Deletes addresses without a sign-in since `last_before`.
pub(crate) async fn delete_unused(c: &mut DbConnection, last_before: Timestamp) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::last_sign_in_at.lt(last_before))).execute(c).await
}

/// Deletes all addresses of an identifier.
pub(crate) async fn delete_all(c: &mut DbConnection, identifier: &str) -> QueryResult<()> {
    diesel::delete(t::table.filter(t::identifier.eq(identifier))).execute(c).await.map(drop)
}
