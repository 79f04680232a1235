//! Seals of the hash chain. Rows are only added, except for the sealed position.

use crate::domain::EntryId;
use crate::schema::{journal_entries, seal_progress, seals};
use db::{AnyOfExt, DbConnection, insert_many, inserted};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use std::collections::BTreeSet;

/// The key of the only row of `seal_progress`.
const PROGRESS: &str = "journal";

/// A row of `seals`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = seals, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct SealRow {
    /// Gap-free, from 1.
    pub number: i64,
    pub entry_id: EntryId,
    pub hash: Vec<u8>,
    pub sealed_at: Timestamp,
}

/// Finds the last seal.
pub async fn find_last(c: &mut DbConnection) -> QueryResult<Option<SealRow>> {
    seals::table.order(seals::number.desc()).select(SealRow::as_select()).first(c).await.optional()
}

/// Adds seals.
pub async fn insert(c: &mut DbConnection, rows: Vec<SealRow>) -> QueryResult<()> {
    insert_many(c, seals::table, rows).await.map(drop)
}

/// Seals in order, after number `after`.
pub async fn list(c: &mut DbConnection, after: i64, limit: i64) -> QueryResult<Vec<SealRow>> {
    seals::table
        .filter(seals::number.gt(after))
        .order(seals::number)
        .limit(limit)
        .select(SealRow::as_select())
        .load(c)
        .await
}

/// The journal position up to which all entries are sealed; 0 at first.
pub async fn load_sealed_position(c: &mut DbConnection) -> QueryResult<i64> {
    let found = seal_progress::table.find(PROGRESS).select(seal_progress::position).first(c).await.optional()?;
    Ok(found.unwrap_or(0))
}

/// Moves the sealed position from `from` to `to`. Returns false when it is no longer `from`.
pub async fn advance_sealed_position(c: &mut DbConnection, from: i64, to: i64) -> QueryResult<bool> {
    let reached = seal_progress::table.find(PROGRESS).filter(seal_progress::position.eq(from));
    if diesel::update(reached).set(seal_progress::position.eq(to)).execute(c).await? > 0 {
        return Ok(true);
    }
    if from > 0 {
        return Ok(false);
    }
    let row = (seal_progress::name.eq(PROGRESS), seal_progress::position.eq(to));
    inserted(diesel::insert_into(seal_progress::table).values(row).execute(c).await)
}

/// Entries that are not sealed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealBacklog {
    pub entries: i64,
    pub oldest_posted_at: Option<Timestamp>,
}

/// Reads how many entries are not sealed yet, and since when.
pub async fn read_backlog(c: &mut DbConnection) -> QueryResult<SealBacklog> {
    let sealed = load_sealed_position(c).await?;
    let unsealed = journal_entries::table.filter(journal_entries::position.gt(sealed));
    let entries = unsealed.count().get_result(c).await?;
    Ok(SealBacklog { entries, oldest_posted_at: find_first_posted_after(c, sealed).await? })
}

/// Finds when the oldest entry that is not sealed yet was posted.
pub async fn find_oldest_unsealed(c: &mut DbConnection) -> QueryResult<Option<Timestamp>> {
    let sealed = load_sealed_position(c).await?;
    find_first_posted_after(c, sealed).await
}

async fn find_first_posted_after(c: &mut DbConnection, position: i64) -> QueryResult<Option<Timestamp>> {
    let later = journal_entries::table.filter(journal_entries::position.gt(position));
    later.order(journal_entries::position).select(journal_entries::posted_at).first(c).await.optional()
}

/// Finds which of these entries are sealed.
pub async fn find_sealed(c: &mut DbConnection, ids: &[EntryId]) -> QueryResult<BTreeSet<EntryId>> {
    let sealed: Vec<EntryId> = seals::table.filter(seals::entry_id.any_of(ids)).select(seals::entry_id).load(c).await?;
    Ok(sealed.into_iter().collect())
}

/// Finds the first entry up to `position` without a seal. There is none, unless seals were deleted outside the
/// platform.
pub async fn find_unsealed(c: &mut DbConnection, position: i64) -> QueryResult<Option<EntryId>> {
    journal_entries::table
        .filter(journal_entries::position.le(position))
        .filter(not(exists(seals::table.filter(seals::entry_id.eq(journal_entries::id)))))
        .order(journal_entries::position)
        .select(journal_entries::id)
        .first(c)
        .await
        .optional()
}
