//! Posting epochs. A posting transaction holds a shared lock on the row of its epoch until it ends.

use crate::domain::{Epoch, Positions};
use crate::schema::{journal_entries, posting_epochs, postings};
use db::{DbConnection, LockExt, inserted, is_locked};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = posting_epochs, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct EpochRow {
    epoch: i64,
    floor_at: Timestamp,
    entry_position: i64,
    posting_position: i64,
}

/// Locks the newest epoch, shared, so that no later epoch is settled before this transaction ends.
///
/// `None` when the row was deleted while this transaction waited for it; the next attempt finds its successor.
pub async fn lock_newest_shared(c: &mut DbConnection) -> QueryResult<Option<Epoch>> {
    let row = posting_epochs::table
        .order(posting_epochs::epoch.desc())
        .limit(1)
        .select(EpochRow::as_select())
        .lock_shared()
        .get_result(c)
        .await
        .optional()?;
    Ok(row.map(Into::into))
}

/// All epochs, oldest first, without locks: one, or two while the newer is not settled.
pub async fn list(c: &mut DbConnection) -> QueryResult<Vec<Epoch>> {
    let rows: Vec<EpochRow> =
        posting_epochs::table.order(posting_epochs::epoch).select(EpochRow::as_select()).load(c).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The last visible positions of entries and postings.
pub async fn last_positions(c: &mut DbConnection) -> QueryResult<Positions> {
    let entry: Option<i64> = journal_entries::table.select(max(journal_entries::position)).first(c).await?;
    let posting: Option<i64> = postings::table.select(max(postings::position)).first(c).await?;
    Ok(Positions { entry: entry.unwrap_or(0), posting: posting.unwrap_or(0) })
}

/// Adds an epoch. Returns false when another instance has added it.
pub async fn insert(c: &mut DbConnection, epoch: Epoch) -> QueryResult<bool> {
    inserted(diesel::insert_into(posting_epochs::table).values(EpochRow::from(epoch)).execute(c).await)
}

/// Deletes an epoch. Returns false when a posting transaction holds it.
///
/// The row is found by its key: a range would also lock the row after it, which current posting transactions hold.
pub async fn delete_unless_locked(c: &mut DbConnection, number: i64) -> QueryResult<bool> {
    let epoch = posting_epochs::table.find(number);
    match epoch.select(posting_epochs::epoch).lock_nowait().load::<i64>(c).await {
        Ok(_) => diesel::delete(epoch).execute(c).await.map(|_| true),
        Err(error) if is_locked(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

impl From<EpochRow> for Epoch {
    fn from(row: EpochRow) -> Self {
        let last = Positions { entry: row.entry_position, posting: row.posting_position };
        Self { number: row.epoch, floor_at: row.floor_at, last }
    }
}
impl From<Epoch> for EpochRow {
    fn from(Epoch { number, floor_at, last }: Epoch) -> Self {
        Self { epoch: number, floor_at, entry_position: last.entry, posting_position: last.posting }
    }
}
