//! Journal of the tree, and its head, which fences concurrent writers.

use crate::domain::input::InputKind;
use crate::schema::{tree_head, tree_log};
use db::{DbConnection, LockExt, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Side, Timestamp, UserId};

const HEAD: i64 = 1;

domain::id_type! {
    /// Cause of an input: the id of a payment, a refund or a day.
    CauseId,
}

/// One input, with everything that a replay needs.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tree_log, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct JournalEntry {
    pub seq: i64,
    pub kind: InputKind,
    pub user_id: Option<UserId>,
    /// The event's time.
    pub happened_at: Timestamp,
    /// The tree's time.
    pub at: Timestamp,
    pub cause_id: Option<CauseId>,
    pub amount_paise: Option<Money>,
    pub sponsor_id: Option<UserId>,
    pub parent_id: Option<UserId>,
    /// Preferred by the member, or chosen by an administrator.
    pub side: Option<Side>,
    pub is_distributor: Option<bool>,
    pub plan_version: Option<i64>,
}

/// Sequence number of the last entry; 0 before the first.
pub async fn load_head(c: &mut DbConnection) -> QueryResult<i64> {
    tree_head::table.find(HEAD).select(tree_head::seq).first(c).await
}

/// Locks the head, so that other writers wait until this transaction ends. Returns its sequence number.
pub async fn lock_head(c: &mut DbConnection) -> QueryResult<i64> {
    tree_head::table.find(HEAD).select(tree_head::seq).lock().get_result(c).await
}

/// Advances the head; false when another writer has moved it from `expected`.
pub async fn advance_head(c: &mut DbConnection, expected: i64, to: i64) -> QueryResult<bool> {
    let at = tree_head::table.filter(tree_head::id.eq(HEAD)).filter(tree_head::seq.eq(expected));
    Ok(diesel::update(at).set(tree_head::seq.eq(to)).execute(c).await? == 1)
}

/// Sequence numbers and members of the refunds after `seq` and up to `last`, oldest first.
pub async fn list_refunded(
    c: &mut DbConnection,
    seq: i64,
    last: i64,
    limit: i64,
) -> QueryResult<Vec<(i64, Option<UserId>)>> {
    tree_log::table
        .filter(tree_log::seq.gt(seq).and(tree_log::seq.le(last)))
        .filter(tree_log::kind.eq(InputKind::Refunded))
        .order(tree_log::seq)
        .limit(limit)
        .select((tree_log::seq, tree_log::user_id))
        .load(c)
        .await
}

/// Entries after `seq`, oldest first.
pub async fn list_after(c: &mut DbConnection, seq: i64, limit: i64) -> QueryResult<Vec<JournalEntry>> {
    tree_log::table
        .filter(tree_log::seq.gt(seq))
        .order(tree_log::seq)
        .limit(limit)
        .select(JournalEntry::as_select())
        .load(c)
        .await
}

/// Appends entries; does not move the head.
pub async fn append(c: &mut DbConnection, entries: Vec<JournalEntry>) -> QueryResult<()> {
    insert_many(c, tree_log::table, entries).await.map(drop)
}
