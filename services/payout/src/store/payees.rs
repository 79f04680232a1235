//! Table of payees that a bank's API knows.

use crate::schema::payees as t;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// The API's id of the payee with these details.
pub async fn find(c: &mut DbConnection, details_index: &[u8]) -> QueryResult<Option<String>> {
    t::table.find(details_index).select(t::bank_id).first(c).await.optional()
}

/// Inserts a payee. Returns false if the details have an id already, which stays.
pub async fn insert(c: &mut DbConnection, details_index: &[u8], bank_id: &str, now: Timestamp) -> QueryResult<bool> {
    let row = (t::details_index.eq(details_index), t::bank_id.eq(bank_id), t::created_at.eq(now));
    inserted(diesel::insert_into(t::table).values(row).execute(c).await)
}
