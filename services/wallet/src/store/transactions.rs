//! Statement lines: the postings that members see, numbered without gaps for each member.

use super::entries::{CauseId, PostingRow};
use crate::domain::{Account, EntryKind, TransactionType};
use crate::schema::{journal_entries, postings};
use db::{AnyOfExt, DbConnection, SortOrder, keyset};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};
use std::collections::BTreeSet;

/// Filter of statement lines. Times are those of the causes.
#[derive(Debug, Clone, Default)]
pub struct TransactionFilter {
    pub owner: Option<UserId>,
    /// Any type when empty.
    pub kinds: BTreeSet<TransactionType>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// A line with its position, and the kind, the cause and the inputs of its entry.
#[derive(Debug, Queryable)]
pub struct TransactionRow {
    pub position: i64,
    pub line: PostingRow,
    pub kind: EntryKind,
    pub cause_id: CauseId,
    pub inputs: String,
}

/// The number before the owner's first line posted at `since` or later; `None` when there is no such line.
pub async fn find_number_before(c: &mut DbConnection, owner: UserId, since: Timestamp) -> QueryResult<Option<i64>> {
    let mut first = None;
    // Members see lines of these accounts only. Each is found in one index lookup.
    for account in Account::ALL.iter().filter(|account| account.counts_in_balance()) {
        let found: Option<Option<i64>> = postings::table
            .filter(postings::owner_id.eq(owner))
            .filter(postings::account.eq(*account))
            .filter(postings::posted_at.ge(since))
            .filter(postings::transaction_number.is_not_null())
            .order((postings::posted_at, postings::position))
            .select(postings::transaction_number)
            .first(c)
            .await
            .optional()?;
        first = first.into_iter().chain(found.flatten()).min();
    }
    Ok(first.map(|number| number - 1))
}

/// The owner's lines after number `after`, in the order of their numbers.
pub async fn list_by_number(
    c: &mut DbConnection,
    owner: UserId,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<PostingRow>> {
    postings::table
        .filter(postings::owner_id.eq(owner))
        .filter(postings::transaction_number.gt(after))
        .order(postings::transaction_number)
        .limit(limit)
        .select(PostingRow::as_select())
        .load(c)
        .await
}

/// A page of lines. The lines of one owner are in the order of their numbers, and `after` is a number. The lines of all
/// owners are in the order of their times, and `after` is a position.
pub async fn list(
    c: &mut DbConnection,
    filter: &TransactionFilter,
    order: SortOrder,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<TransactionRow>> {
    if filter.owner.is_some() || filter.kinds.len() < 2 {
        return list_in_index_order(c, filter, order, after, limit).await;
    }
    // In the index of types only the lines of one type are in the order of their times.
    let mut rows = Vec::new();
    for kind in &filter.kinds {
        let one = TransactionFilter { kinds: BTreeSet::from([*kind]), ..filter.clone() };
        rows.extend(list_in_index_order(c, &one, order, after, limit).await?);
    }
    order.sort_by_key(&mut rows, |row| (row.line.at, row.position));
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// As [`list`], for lines of one owner, or of all owners and at most one type.
async fn list_in_index_order(
    c: &mut DbConnection,
    filter: &TransactionFilter,
    order: SortOrder,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<TransactionRow>> {
    let mut query = postings::table
        .inner_join(journal_entries::table.on(journal_entries::id.eq(postings::entry_id)))
        .filter(postings::transaction_number.is_not_null())
        .into_boxed::<db::MultiBackend>();
    if let Some(owner) = filter.owner {
        query = keyset!(query.filter(postings::owner_id.eq(owner)), order, postings::transaction_number, after);
    } else {
        let key = match after {
            None => None,
            Some(position) => match find_time_of(c, position).await? {
                None => return Ok(Vec::new()),
                Some(at) => Some((at, position)),
            },
        };
        query = keyset!(query, order, (postings::at, postings::position), key);
    }
    if filter.owner.is_some() && !filter.kinds.is_empty() {
        query = query.filter(type_without_index().any_of(&Vec::from_iter(filter.kinds.iter().copied())));
    } else if let Some(kind) = filter.kinds.iter().next() {
        query = query.filter(postings::transaction_type.eq(*kind));
    }
    if let Some(from) = filter.from {
        query = query.filter(postings::at.ge(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(postings::at.le(until));
    }
    query
        .limit(limit)
        .select((
            postings::position,
            PostingRow::as_select(),
            journal_entries::kind,
            journal_entries::cause_id,
            journal_entries::inputs,
        ))
        .load(c)
        .await
}

/// The type of a line, in a form for which SQLite uses no index. The lines of one member are then read by member, in
/// the order of their numbers. Without statistics SQLite would read all members' lines of the type, and sort them.
fn type_without_index() -> SqlLiteral<Text> {
    // The unary plus changes no value, and MySQL ignores it.
    diesel::dsl::sql("+`postings`.`transaction_type`")
}

/// Finds the time of the cause of the line at a position.
async fn find_time_of(c: &mut DbConnection, position: i64) -> QueryResult<Option<Timestamp>> {
    postings::table.find(position).select(postings::at).first(c).await.optional()
}
