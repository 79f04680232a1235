//! Statement lines: the postings that members see, numbered without gaps for each member.

use super::entries::{CauseId, PostingRow};
use crate::domain::{Account, EntryKind, TransactionType};
use crate::schema::{journal_entries, postings};
use db::DbConnection;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// Filter of statement lines. Times are those of the causes.
#[derive(Debug, Clone, Default)]
pub struct TransactionFilter {
    pub owner: Option<UserId>,
    pub kind: Option<TransactionType>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// A line with its position and the kind and cause of its entry.
pub type TransactionRow = (i64, PostingRow, EntryKind, CauseId);

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
) -> QueryResult<Vec<TransactionRow>> {
    postings::table
        .inner_join(journal_entries::table.on(journal_entries::id.eq(postings::entry_id)))
        .filter(postings::owner_id.eq(owner))
        .filter(postings::transaction_number.gt(after))
        .order(postings::transaction_number)
        .limit(limit)
        .select((postings::position, PostingRow::as_select(), journal_entries::kind, journal_entries::cause_id))
        .load(c)
        .await
}

/// A page of lines, newest first. The lines of one owner are in the order of their numbers, and `after` is a number.
/// The lines of all owners are in the order of their times, and `after` is a position.
pub async fn list(
    c: &mut DbConnection,
    filter: &TransactionFilter,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<TransactionRow>> {
    let mut query = postings::table
        .inner_join(journal_entries::table.on(journal_entries::id.eq(postings::entry_id)))
        .filter(postings::transaction_number.is_not_null())
        .into_boxed::<db::MultiBackend>();
    if let Some(owner) = filter.owner {
        query = query.filter(postings::owner_id.eq(owner));
        if let Some(after) = after {
            query = query.filter(postings::transaction_number.lt(after));
        }
        query = query.order(postings::transaction_number.desc());
    } else {
        if let Some(after) = after {
            let Some(at) = find_time_of(c, after).await? else { return Ok(Vec::new()) };
            let before = postings::at.lt(at).or(postings::at.eq(at).and(postings::position.lt(after)));
            // The second condition implies the first, which bounds the range of the index that is read.
            query = query.filter(postings::at.le(at)).filter(before);
        }
        query = query.order((postings::at.desc(), postings::position.desc()));
    }
    if let Some(kind) = filter.kind {
        query = match filter.owner {
            Some(_) => query.filter(type_without_index().eq(kind)),
            None => query.filter(postings::transaction_type.eq(kind)),
        };
    }
    if let Some(from) = filter.from {
        query = query.filter(postings::at.ge(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(postings::at.le(until));
    }
    query
        .limit(limit)
        .select((postings::position, PostingRow::as_select(), journal_entries::kind, journal_entries::cause_id))
        .load(c)
        .await
}

/// The type of a line, in a form for which SQLite uses no index. The lines of one member are then read by member, in
/// the order of their numbers. Without statistics SQLite would read all members' lines of the type, and sort them.
fn type_without_index() -> SqlLiteral<Nullable<Text>> {
    // The unary plus changes no value, and MySQL ignores it.
    diesel::dsl::sql("+`postings`.`transaction_type`")
}

/// Finds the time of the cause of the line at a position.
async fn find_time_of(c: &mut DbConnection, position: i64) -> QueryResult<Option<Timestamp>> {
    postings::table.find(position).select(postings::at).first(c).await.optional()
}
