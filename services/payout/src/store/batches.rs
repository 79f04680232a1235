//! Table of batches: payouts that go to the bank in one file.

use crate::domain::BatchId;
use crate::domain::transfer::Channel;
use crate::schema::batches;
use db::{Count, DbConnection, LockExt, SortOrder, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Timestamp, UserId};

/// A batch of payouts.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = batches, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Batch {
    pub id: BatchId,
    pub created_by: UserId,
    /// Number of payouts in the batch.
    pub payouts: Count,
    /// Sum of their net amounts.
    pub total_paise: Money,
    pub created_at: Timestamp,
    pub channel: Channel,
}

/// Inserts a batch.
pub async fn insert(c: &mut DbConnection, batch: &Batch) -> QueryResult<()> {
    diesel::insert_into(batches::table).values(batch).execute(c).await.map(drop)
}

/// Finds a batch.
pub async fn find(c: &mut DbConnection, id: BatchId) -> QueryResult<Option<Batch>> {
    batches::table.find(id).select(Batch::as_select()).first(c).await.optional()
}

/// Lists batches by id, starting after the id `after`.
pub async fn list(
    c: &mut DbConnection,
    order: SortOrder,
    after: Option<BatchId>,
    limit: i64,
) -> QueryResult<Vec<Batch>> {
    let query = batches::table.limit(limit).select(Batch::as_select()).into_boxed::<db::MultiBackend>();
    keyset!(query, order, batches::id, after).load(c).await
}

/// Locks and finds a batch, so that two answers for one batch run one after the other.
pub async fn lock(c: &mut DbConnection, id: BatchId) -> QueryResult<Option<Batch>> {
    batches::table.find(id).select(Batch::as_select()).lock().get_result(c).await.optional()
}
