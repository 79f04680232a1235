//! Positions in the tree.

use crate::schema::nodes;
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Side, Timestamp, UserId};

/// The position of one member.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = nodes, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct NodeRow {
    pub node: i64,
    pub user_id: UserId,
    /// 0: the company.
    pub parent_node: i64,
    pub side: Side,
    pub depth: i64,
    pub sponsor_id: Option<UserId>,
    pub is_manual: bool,
    pub placed_seq: i64,
    pub placed_at: Timestamp,
}

/// Inserts new positions.
pub async fn insert(c: &mut DbConnection, rows: Vec<NodeRow>) -> QueryResult<()> {
    insert_many(c, nodes::table, rows).await.map(drop)
}

/// One position. Errors with `NotFound` when it is missing.
pub async fn load(c: &mut DbConnection, node: i64) -> QueryResult<NodeRow> {
    nodes::table.find(node).select(NodeRow::as_select()).first(c).await
}

/// The positions of those of these members that are placed.
pub async fn find_all(c: &mut DbConnection, members: &[UserId]) -> QueryResult<Vec<NodeRow>> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    nodes::table.filter(nodes::user_id.any_of(members)).select(NodeRow::as_select()).load(c).await
}

/// Whether the member is placed.
pub async fn exists(c: &mut DbConnection, user: UserId) -> QueryResult<bool> {
    let node: Option<i64> =
        nodes::table.filter(nodes::user_id.eq(user)).select(nodes::node).first(c).await.optional()?;
    Ok(node.is_some())
}

/// Positions after node `after` up to node `last`, ordered by node.
pub async fn list_between(c: &mut DbConnection, after: i64, last: i64) -> QueryResult<Vec<NodeRow>> {
    let rows = nodes::table.filter(nodes::node.gt(after)).filter(nodes::node.le(last));
    rows.order(nodes::node).select(NodeRow::as_select()).load(c).await
}

/// Positions after one node, ordered by node.
pub async fn list_after(c: &mut DbConnection, node: i64, limit: i64) -> QueryResult<Vec<NodeRow>> {
    let rows = nodes::table.filter(nodes::node.gt(node)).order(nodes::node).limit(limit);
    rows.select(NodeRow::as_select()).load(c).await
}
