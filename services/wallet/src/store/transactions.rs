//! What members see: postings that carry a transaction type, in their own gap-free order.

use super::entries::{CauseId, PostingRow};
use crate::domain::{Account, EntryKind, TransactionType};
use crate::schema::{journal_entries, postings};
use db::DbConnection;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// Which lines are wanted. Times are of the causing events.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub owner: Option<UserId>,
    pub kind: Option<TransactionType>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// A line with its row's position and the entry's kind and cause.
pub type Seen = (i64, PostingRow, EntryKind, CauseId);

/// The number before that of the owner's first line posted at `since` or later; none where there is no such line.
pub async fn number_before(c: &mut DbConnection, owner: UserId, since: Timestamp) -> QueryResult<Option<i64>> {
    let mut first = None;
    // What members see lies on these accounts. Each is found in one step of an index.
    for account in Account::ALL.iter().filter(|account| account.is_balance()) {
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

/// The owner's lines in their order, after number `after`.
pub async fn in_order(c: &mut DbConnection, owner: UserId, after: i64, limit: i64) -> QueryResult<Vec<Seen>> {
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

/// Newest first. One owner's lines in the order of their numbers, after number `after`; everybody's in the order of
/// their times, after the row at position `after`.
pub async fn page(c: &mut DbConnection, filter: &Filter, after: Option<i64>, limit: i64) -> QueryResult<Vec<Seen>> {
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
            let Some(at) = time_of(c, after).await? else { return Ok(Vec::new()) };
            let before = postings::at.lt(at).or(postings::at.eq(at).and(postings::position.lt(after)));
            // The first condition is implied by the second, and bounds what is read of the index.
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

/// The type of a line, by which SQLite takes no index: a member's lines of one type are read by the member and in the
/// order of their numbers. Without statistics it would rather read everybody's of that type and time, and sort them.
fn type_without_index() -> SqlLiteral<Nullable<Text>> {
    // The sign changes no value; MySQL does not see it at all.
    diesel::dsl::sql("+`postings`.`transaction_type`")
}

/// When what the line at a position comes of happened.
async fn time_of(c: &mut DbConnection, position: i64) -> QueryResult<Option<Timestamp>> {
    postings::table.find(position).select(postings::at).first(c).await.optional()
}
