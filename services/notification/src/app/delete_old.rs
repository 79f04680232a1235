//! Deletion of what the settings no longer keep, in batches.

use crate::store::{deliveries, notifications};
use db::DbConnection;
use diesel::QueryResult;
use domain::Timestamp;

/// Rows deleted in one call, so that locks are short.
const MAX_DELETED_ROWS: i64 = 500;

/// Deletes notifications that were read before this time. Returns whether there may be more.
pub(crate) async fn delete_read(c: &mut DbConnection, read_before: Timestamp) -> QueryResult<bool> {
    Ok(notifications::delete_read(c, read_before, MAX_DELETED_ROWS).await? > 0)
}

/// Deletes deliveries that ended before this time. Returns whether there may be more.
pub(crate) async fn delete_ended(c: &mut DbConnection, ended_before: Timestamp) -> QueryResult<bool> {
    Ok(deliveries::delete_finished(c, ended_before, MAX_DELETED_ROWS).await? > 0)
}
