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
    settled: bool,
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

/// The newest epoch, not held.
pub async fn newest(c: &mut DbConnection) -> QueryResult<Epoch> {
    let row = posting_epochs::table.order(posting_epochs::epoch.desc()).select(Row::as_select()).first(c).await;
    row.map(Into::into)
}

/// The newest settled epoch.
pub async fn settled(c: &mut DbConnection) -> QueryResult<Option<Epoch>> {
    let row = posting_epochs::table
        .filter(posting_epochs::settled.eq(true))
        .order(posting_epochs::epoch.desc())
        .select(Row::as_select())
        .first(c)
        .await
        .optional()?;
    Ok(row.map(Into::into))
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

/// Locks all epochs before `number`. `Ok(false)`: a transaction that posts holds one of them.
pub async fn lock_earlier(c: &mut DbConnection, number: i64) -> QueryResult<bool> {
    let earlier = posting_epochs::table.filter(posting_epochs::epoch.lt(number)).select(posting_epochs::epoch);
    match earlier.lock_now().load::<i64>(c).await {
        Ok(_) => Ok(true),
        Err(error) if is_locked(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Marks an epoch as settled and removes those before it, which this transaction has locked.
pub async fn settle(c: &mut DbConnection, number: i64) -> QueryResult<()> {
    let epoch = posting_epochs::table.find(number);
    diesel::update(epoch).set(posting_epochs::settled.eq(true)).execute(c).await?;
    diesel::delete(posting_epochs::table.filter(posting_epochs::epoch.lt(number))).execute(c).await.map(drop)
}

impl From<Row> for Epoch {
    fn from(row: Row) -> Self {
        let last = Positions { entry: row.entry_position, posting: row.posting_position };
        Self { number: row.epoch, floor_at: row.floor_at, last, settled: row.settled }
    }
}
impl From<Epoch> for Row {
    fn from(Epoch { number, floor_at, last, settled }: Epoch) -> Self {
        Self { epoch: number, floor_at, entry_position: last.entry, posting_position: last.posting, settled }
    }
}
