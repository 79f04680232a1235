//! Table `one_time_codes`: rows left by versions that stored codes in the database.

use crate::schema::one_time_codes as t;
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// Deletes rows that expired before `expired_before`.
pub(crate) async fn delete_expired(c: &mut DbConnection, expired_before: Timestamp) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::expires_at.lt(expired_before))).execute(c).await
}
