//! Journal entries and their postings. Rows are only added.

use crate::domain::{Account, EntryId, EntryKind, TransactionType};
use crate::schema::{journal_entries, postings};
use db::{AnyOfExt, Count, DbConnection, insert_many, sum_i64};
use diesel::dsl::min;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Money, Timestamp, UserId};
use std::collections::BTreeMap;

/// Unbalanced entries listed in one query.
const MAX_UNBALANCED_ENTRIES: i64 = 100;

domain::id_type!(
    /// The id of the cause of an entry: a payment, a pair, a payout, a manual entry.
    CauseId
);

/// A row of `journal_entries`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal_entries, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct EntryRow {
    pub id: EntryId,
    pub kind: EntryKind,
    pub cause_id: CauseId,
    pub member_id: UserId,
    pub amount_paise: Money,
    pub plan_version: Option<Count>,
    pub reverses: Option<EntryId>,
    pub event_id: Option<EventId>,
    pub actor_id: Option<UserId>,
    /// The command that posted it, as JSON.
    pub inputs: String,
    pub at: Timestamp,
    pub posted_at: Timestamp,
}

/// A row of `postings`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = postings, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct PostingRow {
    pub entry_id: EntryId,
    pub line: i32,
    pub owner_id: UserId,
    pub account: Account,
    pub amount_paise: Money,
    pub account_after_paise: Option<Money>,
    pub transaction_type: Option<TransactionType>,
    pub transaction_number: Option<i64>,
    pub balance_before_paise: Option<Money>,
    pub description: Option<String>,
    pub at: Timestamp,
    pub posted_at: Timestamp,
}

/// Adds entries with their postings.
pub async fn insert(c: &mut DbConnection, entries: Vec<EntryRow>, lines: Vec<PostingRow>) -> QueryResult<()> {
    insert_many(c, journal_entries::table, entries).await?;
    insert_many(c, postings::table, lines).await?;
    Ok(())
}

/// Finds which of these entries are posted: each with its member, amount and plan version.
pub async fn find_posted(
    c: &mut DbConnection,
    ids: &[EntryId],
) -> QueryResult<Vec<(EntryId, UserId, Money, Option<Count>)>> {
    journal_entries::table
        .filter(journal_entries::id.any_of(ids))
        .select((
            journal_entries::id,
            journal_entries::member_id,
            journal_entries::amount_paise,
            journal_entries::plan_version,
        ))
        .load(c)
        .await
}

/// Finds an entry by its id.
pub async fn find(c: &mut DbConnection, id: EntryId) -> QueryResult<Option<EntryRow>> {
    journal_entries::table.filter(journal_entries::id.eq(id)).select(EntryRow::as_select()).first(c).await.optional()
}

/// The posting time of the first posting; `None` when nothing was ever posted.
pub async fn find_first_posted_at(c: &mut DbConnection) -> QueryResult<Option<Timestamp>> {
    postings::table.select(min(postings::posted_at)).first(c).await
}

/// The postings of an entry, in order.
pub async fn list_lines(c: &mut DbConnection, id: EntryId) -> QueryResult<Vec<PostingRow>> {
    postings::table
        .filter(postings::entry_id.eq(id))
        .order(postings::line)
        .select(PostingRow::as_select())
        .load(c)
        .await
}

/// The posting time of the `n`th posting after `after`; `None` when there are fewer.
pub async fn find_time_of_nth(
    c: &mut DbConnection,
    after: Option<Timestamp>,
    n: i64,
) -> QueryResult<Option<Timestamp>> {
    let mut query = postings::table
        .select(postings::posted_at)
        .order(postings::posted_at)
        .limit(1)
        .offset(n.saturating_sub(1))
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(postings::posted_at.gt(after));
    }
    query.first(c).await.optional()
}

/// Sums by account of the postings after `after` and until `until`.
pub async fn sum_by_account(
    c: &mut DbConnection,
    after: Option<Timestamp>,
    until: Option<Timestamp>,
) -> QueryResult<Vec<(Account, Money)>> {
    let mut query = postings::table
        .group_by(postings::account)
        .select((postings::account, sum_i64(postings::amount_paise)))
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(postings::posted_at.gt(after));
    }
    if let Some(until) = until {
        query = query.filter(postings::posted_at.le(until));
    }
    let rows: Vec<(Account, Option<Money>)> = query.load(c).await?;
    Ok(rows.into_iter().map(|(account, sum)| (account, sum.unwrap_or_default())).collect())
}

/// The balance of a member's account after the last posting until `until`, found in one index lookup.
pub async fn find_balance_at(
    c: &mut DbConnection,
    owner: UserId,
    account: Account,
    until: Timestamp,
) -> QueryResult<Option<Money>> {
    let found: Option<Option<Money>> = postings::table
        .filter(postings::owner_id.eq(owner))
        .filter(postings::account.eq(account))
        .filter(postings::posted_at.le(until))
        .order((postings::posted_at.desc(), postings::position.desc()))
        .select(postings::account_after_paise)
        .first(c)
        .await
        .optional()?;
    Ok(found.flatten())
}

/// The positions of entries after position `after`, in order.
pub async fn list_positions(c: &mut DbConnection, after: i64, limit: i64) -> QueryResult<Vec<i64>> {
    journal_entries::table
        .filter(journal_entries::position.gt(after))
        .order(journal_entries::position)
        .limit(limit)
        .select(journal_entries::position)
        .load(c)
        .await
}

/// The position of the last of `limit` postings after position `after`; `None` when there are fewer.
pub async fn find_posting_page_end(c: &mut DbConnection, after: i64, limit: i64) -> QueryResult<Option<i64>> {
    postings::table
        .filter(postings::position.gt(after))
        .order(postings::position)
        .offset(limit - 1)
        .limit(1)
        .select(postings::position)
        .first(c)
        .await
        .optional()
}

/// The first entries that do not add up to zero, of those with postings after position `after` and up to `until`. There
/// are none, unless rows were changed outside the platform.
pub async fn list_unbalanced(
    c: &mut DbConnection,
    after: i64,
    until: Option<i64>,
) -> QueryResult<Vec<(EntryId, Money)>> {
    // With only a lower bound SQLite would read all postings in the order of their entries.
    let until = until.unwrap_or(i64::MAX);
    // An entry may have postings inside and outside the range, so the sums are read again without it below.
    let ids: Vec<EntryId> = postings::table
        .filter(postings::position.gt(after))
        .filter(postings::position.le(until))
        .group_by(postings::entry_id)
        .having(sum_i64(postings::amount_paise).ne(0))
        .select(postings::entry_id)
        .order(min(postings::position))
        .limit(MAX_UNBALANCED_ENTRIES)
        .load(c)
        .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(EntryId, Option<Money>)> = postings::table
        .filter(postings::entry_id.any_of(&ids))
        .group_by(postings::entry_id)
        .having(sum_i64(postings::amount_paise).ne(0))
        .select((postings::entry_id, sum_i64(postings::amount_paise)))
        .order(min(postings::position))
        .load(c)
        .await?;
    Ok(rows.into_iter().map(|(id, sum)| (id, sum.unwrap_or_default())).collect())
}

/// Entries after position `after` up to `until`, in the order of their positions.
pub async fn list_by_position(
    c: &mut DbConnection,
    after: i64,
    until: i64,
    limit: i64,
) -> QueryResult<Vec<(i64, EntryRow)>> {
    journal_entries::table
        .filter(journal_entries::position.gt(after))
        .filter(journal_entries::position.le(until))
        .order(journal_entries::position)
        .limit(limit)
        .select((journal_entries::position, EntryRow::as_select()))
        .load(c)
        .await
}

/// All postings of these entries, in order.
pub async fn list_lines_by_entry(
    c: &mut DbConnection,
    ids: &[EntryId],
) -> QueryResult<BTreeMap<EntryId, Vec<PostingRow>>> {
    let lines: Vec<PostingRow> = postings::table
        .filter(postings::entry_id.any_of(ids))
        .order((postings::entry_id, postings::line))
        .select(PostingRow::as_select())
        .load(c)
        .await?;
    let mut by_entry: BTreeMap<EntryId, Vec<PostingRow>> = BTreeMap::new();
    for line in lines {
        by_entry.entry(line.entry_id).or_default().push(line);
    }
    Ok(by_entry)
}

/// Entries by their ids.
pub async fn list(c: &mut DbConnection, ids: &[EntryId]) -> QueryResult<Vec<EntryRow>> {
    journal_entries::table.filter(journal_entries::id.any_of(ids)).select(EntryRow::as_select()).load(c).await
}

/// Entries by their ids, with all their postings in order.
pub async fn list_with_lines(c: &mut DbConnection, ids: &[EntryId]) -> QueryResult<Vec<(EntryRow, Vec<PostingRow>)>> {
    let entries = list(c, ids).await?;
    let mut lines = list_lines_by_entry(c, ids).await?;
    Ok(entries.into_iter().map(|e| (e.clone(), lines.remove(&e.id).unwrap_or_default())).collect())
}
