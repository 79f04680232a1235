//! The hash chain. Seals are only ever added.

use crate::domain::EntryId;
use crate::schema::{journal_entries, seal_progress, seals};
use db::{DbConnection, UpsertExt, insert_many};
use diesel::dsl::{exists, max, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

const PROGRESS: &str = "journal";

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = seals, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct SealRow {
    /// Gap-free, from 1.
    pub number: i64,
    pub entry_id: EntryId,
    pub hash: Vec<u8>,
    pub sealed_at: Timestamp,
}

pub async fn last(c: &mut DbConnection) -> QueryResult<Option<SealRow>> {
    seals::table.order(seals::number.desc()).select(SealRow::as_select()).first(c).await.optional()
}

pub async fn insert(c: &mut DbConnection, rows: Vec<SealRow>) -> QueryResult<()> {
    insert_many(c, seals::table, rows).await.map(drop)
}

/// Seals in order, after number `after`.
pub async fn page(c: &mut DbConnection, after: i64, limit: i64) -> QueryResult<Vec<SealRow>> {
    seals::table
        .filter(seals::number.gt(after))
        .order(seals::number)
        .limit(limit)
        .select(SealRow::as_select())
        .load(c)
        .await
}

pub async fn progress(c: &mut DbConnection) -> QueryResult<i64> {
    let found = seal_progress::table.find(PROGRESS).select(seal_progress::position).first(c).await.optional()?;
    Ok(found.unwrap_or(0))
}

pub async fn save_progress(c: &mut DbConnection, position: i64) -> QueryResult<()> {
    diesel::insert_into(seal_progress::table)
        .values((seal_progress::name.eq(PROGRESS), seal_progress::position.eq(position)))
        .on_conflict_set(&["name"], &["position"])
        .execute(c)
        .await
        .map(drop)
}

/// Entries without a seal after `position`, in the order they came.
pub async fn unsealed(c: &mut DbConnection, position: i64, limit: i64) -> QueryResult<Vec<EntryId>> {
    journal_entries::table
        .filter(journal_entries::position.gt(position))
        .filter(not(exists(seals::table.filter(seals::entry_id.eq(journal_entries::id)))))
        .order(journal_entries::position)
        .limit(limit)
        .select(journal_entries::id)
        .load(c)
        .await
}

/// The first entry up to `position` that has no seal. There is none, unless somebody took seals away.
pub async fn unsealed_until(c: &mut DbConnection, position: i64) -> QueryResult<Option<EntryId>> {
    journal_entries::table
        .filter(journal_entries::position.le(position))
        .filter(not(exists(seals::table.filter(seals::entry_id.eq(journal_entries::id)))))
        .order(journal_entries::position)
        .select(journal_entries::id)
        .first(c)
        .await
        .optional()
}

/// The last position of what was posted before `before`.
pub async fn settled(c: &mut DbConnection, position: i64, before: Timestamp) -> QueryResult<Option<i64>> {
    journal_entries::table
        .filter(journal_entries::position.gt(position))
        .filter(journal_entries::posted_at.lt(before))
        .select(max(journal_entries::position))
        .first(c)
        .await
}
