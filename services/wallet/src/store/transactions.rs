//! What members see: postings that carry a transaction type, in their own gap-free order.

use super::entries::{CauseId, PostingRow};
use crate::domain::{EntryKind, TransactionType};
use crate::schema::{journal_entries, postings};
use db::DbConnection;
use diesel::prelude::*;
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

/// Newest first, after the row at position `after`.
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
            query = query.filter(postings::position.lt(after));
        }
        query = query.order(postings::position.desc());
    }
    if let Some(kind) = filter.kind {
        query = query.filter(postings::transaction_type.eq(kind));
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
