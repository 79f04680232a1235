//! The tree's journal and the fence that lets one writer at a time add to it.

use crate::domain::input::Kind;
use crate::schema::{tree_head, tree_log};
use db::{DbConnection, LockExt, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Side, Timestamp, UserId};

const HEAD: i64 = 1;

domain::id_type! {
    /// The payment or refund that an input came from.
    CauseId,
}

/// One input as it is kept: everything a replay needs.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tree_log, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Entry {
    pub seq: i64,
    pub kind: Kind,
    pub user_id: Option<UserId>,
    /// The event's own time.
    pub happened_at: Timestamp,
    /// The tree's time.
    pub at: Timestamp,
    pub cause_id: Option<CauseId>,
    pub amount_paise: Option<Money>,
    pub sponsor_id: Option<UserId>,
    pub parent_id: Option<UserId>,
    /// Preferred, or named by an administrator.
    pub side: Option<Side>,
    pub is_distributor: Option<bool>,
    pub plan_version: Option<i64>,
}

pub async fn head(c: &mut DbConnection) -> QueryResult<i64> {
    tree_head::table.find(HEAD).select(tree_head::seq).first(c).await
}

/// Makes every other writer wait until this transaction ends.
pub async fn lock_head(c: &mut DbConnection) -> QueryResult<i64> {
    tree_head::table.find(HEAD).select(tree_head::seq).lock().get_result(c).await
}

/// Moves the head from `expected` by `n`; false if it is not there: somebody else has written.
pub async fn advance_head(c: &mut DbConnection, expected: i64, n: i64) -> QueryResult<bool> {
    let at = tree_head::table.filter(tree_head::id.eq(HEAD)).filter(tree_head::seq.eq(expected));
    Ok(diesel::update(at).set(tree_head::seq.eq(expected + n)).execute(c).await? == 1)
}

/// Entries after `seq`, oldest first.
pub async fn after(c: &mut DbConnection, seq: i64, limit: i64) -> QueryResult<Vec<Entry>> {
    tree_log::table
        .filter(tree_log::seq.gt(seq))
        .order(tree_log::seq)
        .limit(limit)
        .select(Entry::as_select())
        .load(c)
        .await
}

pub async fn append(c: &mut DbConnection, entries: Vec<Entry>) -> QueryResult<()> {
    insert_many(c, tree_log::table, entries).await.map(drop)
}
