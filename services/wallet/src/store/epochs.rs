//! Posting epochs. A transaction that posts holds the row of its epoch with a shared lock until it ends.

use crate::domain::{Epoch, Positions};
use crate::schema::{journal_entries, posting_epochs, postings};
use db::{DbConnection, LockExt, inserted, is_locked};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = posting_epochs, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct Row {
    epoch: i64,
    floor_at: Timestamp,
    entry_position: i64,
    posting_position: i64,
}

/// The newest epoch, held with a shared lock: it cannot be left behind as settled before this transaction ends.
///
/// None where the row that was waited for was removed meanwhile; the next try finds its successor.
pub async fn hold(c: &mut DbConnection) -> QueryResult<Option<Epoch>> {
    let row = posting_epochs::table
        .order(posting_epochs::epoch.desc())
        .limit(1)
        .select(Row::as_select())
        .lock_shared()
        .get_result(c)
        .await
        .optional()?;
    Ok(row.map(Into::into))
}

/// All epochs, oldest first, not held: one, or two while the newer is not settled.
pub async fn all(c: &mut DbConnection) -> QueryResult<Vec<Epoch>> {
    let rows: Vec<Row> = posting_epochs::table.order(posting_epochs::epoch).select(Row::as_select()).load(c).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The last positions that are visible.
pub async fn last_positions(c: &mut DbConnection) -> QueryResult<Positions> {
    let entry: Option<i64> = journal_entries::table.select(max(journal_entries::position)).first(c).await?;
    let posting: Option<i64> = postings::table.select(max(postings::position)).first(c).await?;
    Ok(Positions { entry: entry.unwrap_or(0), posting: posting.unwrap_or(0) })
}

/// Begins an epoch. `Ok(false)`: another instance has just done so.
pub async fn begin(c: &mut DbConnection, epoch: Epoch) -> QueryResult<bool> {
    inserted(diesel::insert_into(posting_epochs::table).values(Row::from(epoch)).execute(c).await)
}

/// Removes an epoch. `Ok(false)`: a transaction that posts holds it.
///
/// The row is named by its key: a range would also lock the row after it, which those who post now hold.
pub async fn remove(c: &mut DbConnection, number: i64) -> QueryResult<bool> {
    let epoch = posting_epochs::table.find(number);
    match epoch.select(posting_epochs::epoch).lock_now().load::<i64>(c).await {
        Ok(_) => diesel::delete(epoch).execute(c).await.map(|_| true),
        Err(error) if is_locked(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

impl From<Row> for Epoch {
    fn from(row: Row) -> Self {
        let last = Positions { entry: row.entry_position, posting: row.posting_position };
        Self { number: row.epoch, floor_at: row.floor_at, last }
    }
}
impl From<Epoch> for Row {
    fn from(Epoch { number, floor_at, last }: Epoch) -> Self {
        Self { epoch: number, floor_at, entry_position: last.entry, posting_position: last.posting }
    }
}
