//! Pages of the journal, newest first.

use super::company;
use super::entries::EntryRow;
use crate::domain::{Account, EntryKind};
use crate::schema::{journal_entries, postings};
use db::{DbConnection, SortOrder, keyset};
use diesel::dsl::exists;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// Filter of entries by their times of posting.
#[derive(Debug, Clone, Copy, Default)]
pub struct PostedRange {
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub order: SortOrder,
    /// The end of the page before: the posting time and the position of its last row.
    pub after: Option<(Timestamp, i64)>,
}

/// An entry with the position that the next page starts after.
pub type JournalRow = (i64, EntryRow);

/// Entries of a member; of one kind, and with postings to one account, if they are given.
pub async fn list_of_member(
    c: &mut DbConnection,
    member: UserId,
    kind: Option<EntryKind>,
    account: Option<Account>,
    range: PostedRange,
    limit: i64,
) -> QueryResult<Vec<JournalRow>> {
    let mut query = in_order(range, limit).filter(journal_entries::member_id.eq(member));
    if let Some(kind) = kind {
        query = query.filter(kind_without_index().eq(kind));
    }
    if let Some(account) = account {
        let of_entry = postings::table.filter(postings::entry_id.eq(journal_entries::id));
        query = query.filter(exists(of_entry.filter(postings::account.eq(account))));
    }
    query.select((journal_entries::position, EntryRow::as_select())).load(c).await
}

/// Entries of all members; of one kind if it is given.
pub async fn list(
    c: &mut DbConnection,
    kind: Option<EntryKind>,
    range: PostedRange,
    limit: i64,
) -> QueryResult<Vec<JournalRow>> {
    let mut query = in_order(range, limit);
    if let Some(kind) = kind {
        query = query.filter(journal_entries::kind.eq(kind));
    }
    query.select((journal_entries::position, EntryRow::as_select())).load(c).await
}

/// Entries with a posting to an account of the company. The positions are those of the postings.
pub async fn list_of_company_account(
    c: &mut DbConnection,
    account: Account,
    range: PostedRange,
    limit: i64,
) -> QueryResult<Vec<JournalRow>> {
    let mut query = postings::table
        .inner_join(journal_entries::table.on(journal_entries::id.eq(postings::entry_id)))
        .filter(postings::owner_id.eq(company()))
        .filter(postings::account.eq(account))
        .limit(limit)
        .select((postings::position, EntryRow::as_select()))
        .into_boxed::<db::MultiBackend>();
    if let Some(from) = range.from {
        query = query.filter(postings::posted_at.ge(from));
    }
    if let Some(until) = range.until {
        query = query.filter(postings::posted_at.le(until));
    }
    keyset!(query, range.order, (postings::posted_at, postings::position), range.after).load(c).await
}

type Entries = journal_entries::BoxedQuery<'static, db::MultiBackend>;

/// The entries of a range, in the order of the page.
fn in_order(range: PostedRange, limit: i64) -> Entries {
    let mut query = journal_entries::table.limit(limit).into_boxed::<db::MultiBackend>();
    if let Some(from) = range.from {
        query = query.filter(journal_entries::posted_at.ge(from));
    }
    if let Some(until) = range.until {
        query = query.filter(journal_entries::posted_at.le(until));
    }
    keyset!(query, range.order, (journal_entries::posted_at, journal_entries::position), range.after)
}

/// The kind of an entry, in a form for which SQLite uses no index. The entries of one member are then read by member, in
/// the order of their times. Without statistics SQLite could read all members' entries of the kind.
fn kind_without_index() -> SqlLiteral<Text> {
    // The unary plus changes no value, and MySQL ignores it.
    diesel::dsl::sql("+`journal_entries`.`kind`")
}
