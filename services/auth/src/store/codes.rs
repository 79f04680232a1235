//! `one_time_codes`: what versions before the cache was used have left behind.

use crate::schema::one_time_codes as t;
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

pub(crate) async fn delete_older(c: &mut DbConnection, expired_before: Timestamp) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::expires_at.lt(expired_before))).execute(c).await
}
