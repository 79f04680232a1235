//! Places in the tree.

use super::scope::{find_visible, load_own_node, load_own_top};
use crate::domain::{LimitUse, Node, NodeIndex, PairStatus, Tree};
use crate::error::BinaryError;
use crate::state::BinaryState;
use crate::store::{members, nodes, pairs};
use actix_web::web;
use db::DbConnection;
use domain::plan::LimitPer;
use domain::{Side, Timestamp, UserId};
use http_api::{Caller, Json, Path, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

/// A tree may be a chain of many thousand levels.
const MAX_ANCESTORS: usize = 100;

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NodeView {
    user_id: UserId,
    name: String,
    /// Null directly under the company.
    parent_id: Option<UserId>,
    /// From yourself, or for staff from the top of the tree, down to the parent; the nearest 100 of them. Empty for your
    /// own place.
    ancestors: Vec<UserId>,
    side: Side,
    /// 1 directly under the company.
    depth: u32,
    is_active_buyer: bool,
    /// Counting members of the left leg.
    left_count: u32,
    right_count: u32,
    /// Counting members of the left leg that wait to be matched.
    unmatched_left: u32,
    unmatched_right: u32,
    /// Matched pairs, without voided and flushed ones.
    pairs_total: i64,
    /// Matched pairs of the current month.
    pairs_this_month: i64,
    /// Pairs carried to a period with free slots.
    pairs_carried: u32,
    limit: LimitView,
    sponsor_id: Option<UserId>,
    placed_at: Timestamp,
}

/// The pair limit of the plan in force, and its use in the current period.
#[derive(Debug, Serialize, JsonSchema)]
struct LimitView {
    /// Slots used, those of voided pairs too.
    used: u32,
    /// Slots of the period.
    of: u32,
    per: LimitPer,
    /// When the next period starts.
    resets_at: Timestamp,
}

impl From<LimitUse> for LimitView {
    fn from(limit_use: LimitUse) -> Self {
        let LimitUse { used, of, per, resets_at } = limit_use;
        Self { used, of, per, resets_at }
    }
}

/// Copy of a place, so that the tree is not locked while the rest is read from the database.
pub(super) struct NodeSnapshot {
    user_id: UserId,
    parent_id: Option<UserId>,
    ancestors: Vec<UserId>,
    limit: LimitUse,
    node: Node,
    now: Timestamp,
}

impl NodeSnapshot {
    /// The place of a node, with its ancestors from `top` on. Errors with 404 for the company and for an index without
    /// a node.
    pub(super) fn of(tree: &Tree, index: NodeIndex, top: NodeIndex, now: Timestamp) -> Result<Self, Problem> {
        let node = tree.node(index).ok_or_else(Problem::not_found)?;
        let user_of = |index: NodeIndex| tree.node(index)?.user;
        let steps = tree.steps_between(top, index).unwrap_or_default();
        let farther = steps.len().saturating_sub(MAX_ANCESTORS);
        Ok(Self {
            user_id: node.user.ok_or_else(Problem::not_found)?,
            parent_id: node.parent.and_then(|(parent, _)| user_of(parent)),
            ancestors: steps.into_iter().skip(farther).filter_map(|(above, _)| user_of(above)).collect(),
            limit: tree.limit_use(index, now).map_err(Problem::internal)?,
            node,
            now,
        })
    }

    pub(super) async fn load_view(self, c: &mut DbConnection) -> Result<NodeView, BinaryError> {
        let Self { user_id, parent_id, ancestors, limit, node, now } = self;
        let row = nodes::load(c, i64::from(node.index)).await?;
        let member = members::find(c, user_id).await?;
        let sums = pairs::list_month_sums(c, row.node).await?;
        let matched = || sums.iter().filter(|sum| sum.status == PairStatus::Matched);
        let this_month = matched().filter(|sum| sum.month == now.month());
        Ok(NodeView {
            user_id,
            name: member.map(|member| member.name).unwrap_or_default(),
            parent_id,
            ancestors,
            side: row.side,
            depth: node.depth,
            is_active_buyer: node.is_active_buyer,
            left_count: node.leg_counts.left(),
            right_count: node.leg_counts.right(),
            unmatched_left: node.unmatched.left(),
            unmatched_right: node.unmatched.right(),
            pairs_total: matched().map(|sum| sum.pairs).sum(),
            pairs_this_month: this_month.map(|sum| sum.pairs).sum(),
            pairs_carried: node.backlog(),
            limit: limit.into(),
            sponsor_id: row.sponsor_id,
            placed_at: row.placed_at,
        })
    }
}

/// My place in the tree.
///
/// 404 with `binary.not_placed` before the first completed payment.
#[operation]
pub(super) async fn get_own(state: web::Data<BinaryState>, caller: Caller) -> Result<Json<NodeView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let snapshot = {
        let tree_state = state.tree_store.read(&mut c).await?;
        let tree = &tree_state.tree;
        NodeSnapshot::of(tree, load_own_node(tree, &caller)?, load_own_top(tree, &caller)?, state.ctx.now())?
    };
    Ok(Json::new(snapshot.load_view(&mut c).await?))
}

/// The place of a member in my part of the tree.
///
/// 404 for a member who is not placed, or not in the caller's part of the tree. Staff see every member.
#[operation]
pub(super) async fn get(
    state: web::Data<BinaryState>,
    caller: Caller,
    Path(user): Path<UserId>,
) -> Result<Json<NodeView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let snapshot = {
        let tree_state = state.tree_store.read(&mut c).await?;
        let tree = &tree_state.tree;
        NodeSnapshot::of(tree, find_visible(tree, &caller, user)?, load_own_top(tree, &caller)?, state.ctx.now())?
    };
    Ok(Json::new(snapshot.load_view(&mut c).await?))
}
