//! Places in the tree and parts of the tree.

use crate::app::tree_state::TreeState;
use crate::domain::{Node, NodeIndex, ROOT, Tree};
use crate::error::BinaryError;
use crate::state::BinaryState;
use crate::store::{members, nodes, pairs};
use actix_web::http::StatusCode;
use actix_web::web;
use db::DbConnection;
use domain::{Side, Timestamp, UserId};
use http_api::{Caller, Json, Path, Problem, Query, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const DEFAULT_DEPTH: u32 = 3;
const MAX_DEPTH: u32 = 6;

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NodeView {
    user_id: UserId,
    /// Null directly under the company.
    parent_id: Option<UserId>,
    side: Side,
    /// 1 directly under the company.
    depth: u32,
    /// Counting members of the left leg.
    left_count: u32,
    right_count: u32,
    /// Matched pairs, without voided and flushed ones.
    pairs_total: i64,
    /// Matched pairs of the current month.
    pairs_this_month: i64,
    /// Pairs carried to a period with free slots.
    pairs_carried: u32,
    sponsor_id: Option<UserId>,
    placed_at: Timestamp,
}

/// Copy of a place, so that the tree is not locked while the rest is read from the database.
pub(super) struct NodeSnapshot {
    user_id: UserId,
    parent_id: Option<UserId>,
    node: Node,
}

impl NodeSnapshot {
    /// The place of a node. Errors with 404 for the company and for an index without a node.
    pub(super) fn of(tree: &Tree, index: NodeIndex) -> Result<Self, Problem> {
        let node = tree.node(index).ok_or_else(Problem::not_found)?;
        let parent_id = node.parent.and_then(|(parent, _)| tree.node(parent)?.user);
        Ok(Self { user_id: node.user.ok_or_else(Problem::not_found)?, parent_id, node })
    }

    pub(super) async fn load_view(self, c: &mut DbConnection, now: Timestamp) -> Result<NodeView, BinaryError> {
        let Self { user_id, parent_id, node } = self;
        let row = nodes::load(c, i64::from(node.index)).await?;
        let (pairs_total, pairs_this_month) = pairs::count_matched(c, row.node, now.month()).await?;
        Ok(NodeView {
            user_id,
            parent_id,
            side: row.side,
            depth: node.depth,
            left_count: node.leg_counts.left(),
            right_count: node.leg_counts.right(),
            pairs_total,
            pairs_this_month,
            pairs_carried: node.backlog,
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
        let node = tree_state.tree.find(caller.user_id).ok_or_else(not_placed)?;
        NodeSnapshot::of(&tree_state.tree, node)?
    };
    Ok(Json::new(snapshot.load_view(&mut c, state.ctx.now()).await?))
}

fn not_placed() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "binary.not_placed", "you get a place with your first completed payment")
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
        NodeSnapshot::of(&tree_state.tree, find_visible(&tree_state, &caller, user)?)?
    };
    Ok(Json::new(snapshot.load_view(&mut c, state.ctx.now()).await?))
}

/// A node that the caller may see: in their own part of the tree, or any for staff. Errors with 404 otherwise.
fn find_visible(tree_state: &TreeState, caller: &Caller, user: UserId) -> Result<NodeIndex, Problem> {
    let tree = &tree_state.tree;
    let node = tree.find(user).ok_or_else(Problem::not_found)?;
    let is_below = |mine: NodeIndex| tree.is_within(node, mine);
    if caller.role.is_staff() || tree.find(caller.user_id).is_some_and(is_below) {
        Ok(node)
    } else {
        Err(Problem::not_found())
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct TreeFilter {
    /// Top of the tree: yourself by default, the company for staff.
    #[serde(default)]
    root: Option<String>,
    /// Levels below the top, 0 to 6; 3 by default.
    #[serde(default)]
    depth: Option<u32>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TreeView {
    /// Null for the company.
    user_id: Option<UserId>,
    name: String,
    /// Side under the parent; null for the company.
    side: Option<Side>,
    left_count: u32,
    right_count: u32,
    is_active_buyer: bool,
    left: Option<Box<TreeView>>,
    right: Option<Box<TreeView>>,
    /// Whether the answer omits members directly below this one; request the tree with this root.
    has_more: bool,
}

/// A part of the tree: my own, or below any member for staff.
///
/// 404 for a root that is not placed, or not in the caller's part of the tree; without a root, 404 with
/// `binary.not_placed` before the caller's first completed payment. 422 with `binary.depth_too_large` for more than six
/// levels.
#[operation]
pub(super) async fn get_tree(
    state: web::Data<BinaryState>,
    caller: Caller,
    Query(filter): Query<TreeFilter>,
) -> Result<Json<TreeView>, Problem> {
    let root = filter.root.as_deref().map(str::parse::<UserId>).transpose().map_err(|_| Problem::not_found())?;
    let mut c = state.ctx.db().read().await?;
    let tree_state = state.tree_store.read(&mut c).await?;
    let top = match root {
        Some(user) => find_visible(&tree_state, &caller, user)?,
        None if caller.role.is_staff() => ROOT,
        None => tree_state.tree.find(caller.user_id).ok_or_else(not_placed)?,
    };
    let depth = filter.depth.unwrap_or(DEFAULT_DEPTH);
    if depth > MAX_DEPTH {
        let detail = format!("depth must be from 0 to {MAX_DEPTH}; request the tree from a node with has_more");
        return Err(Problem::unprocessable("binary.depth_too_large", detail));
    }
    let mut shown_ids = Vec::new();
    let view = build_tree_view(&tree_state.tree, top, depth, &mut shown_ids);
    drop(tree_state);
    let mut view = view.ok_or_else(Problem::not_found)?;
    let names = members::find_all(&mut c, &shown_ids).await?.into_iter().map(|m| (m.user_id, m.name)).collect();
    fill_names(&mut view, &names);
    Ok(Json::new(view))
}

/// The view of a node and the levels below it; `None` for an index without a node. Recursion depth is at most
/// [`MAX_DEPTH`].
fn build_tree_view(tree: &Tree, index: NodeIndex, depth: u32, shown_ids: &mut Vec<UserId>) -> Option<TreeView> {
    let node = tree.node(index)?;
    let mut child = |side| {
        let below = depth.checked_sub(1)?;
        build_tree_view(tree, node.children.get(side)?, below, shown_ids).map(Box::new)
    };
    let (left, right) = (child(Side::Left), child(Side::Right));
    let has_children = node.children.left().or(node.children.right()).is_some();
    shown_ids.extend(node.user);
    Some(TreeView {
        user_id: node.user,
        name: String::new(),
        side: node.parent.map(|(_, side)| side),
        left_count: node.leg_counts.left(),
        right_count: node.leg_counts.right(),
        is_active_buyer: node.is_active_buyer,
        left,
        right,
        has_more: depth == 0 && has_children,
    })
}

fn fill_names(view: &mut TreeView, names: &HashMap<UserId, String>) {
    view.name = match view.user_id {
        None => "Company".to_owned(),
        Some(id) => names.get(&id).cloned().unwrap_or_default(),
    };
    for below in [&mut view.left, &mut view.right].into_iter().flatten() {
        fill_names(below, names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Input, VoidablePairs};
    use domain::Money;
    use std::collections::VecDeque;

    const MEMBERS: u32 = 5_000;

    fn user(n: u32) -> UserId {
        UserId::from(uuid::Uuid::from_u128(u128::from(n)))
    }

    /// A tree with bushy parts, long chains and one-sided nodes.
    fn sample_tree() -> Tree {
        let (mut tree, mut voidable_pairs) = (Tree::default(), VoidablePairs::default());
        for n in 1..=MEMBERS {
            let sponsor = (n > 1).then(|| user(1 + n.wrapping_mul(2_654_435_761) % (n - 1)));
            let prefers = [None, None, Some(Side::Left), Some(Side::Right)].get(usize::try_from(n % 4).unwrap_or(0));
            let prefers = prefers.copied().flatten();
            let amount = Money::from_rupees(500);
            let input = Input::Placed { user: user(n), sponsor, prefers, distributor: false, amount };
            tree.apply(Timestamp::UNIX_EPOCH, &input, &mut voidable_pairs).expect("placed");
        }
        tree
    }

    /// All nodes of an answer, including the company.
    fn nodes<'a>(view: &'a TreeView, all: &mut Vec<&'a TreeView>) {
        all.push(view);
        for below in [&view.left, &view.right].into_iter().flatten() {
            nodes(below, all);
        }
    }

    #[test]
    fn a_part_of_the_tree_requests_the_names_of_exactly_the_members_it_shows() {
        let tree = sample_tree();
        for depth in 0..=MAX_DEPTH {
            for top in [ROOT, 1, 2, 17, 400, 4_999, MEMBERS] {
                let mut requested_ids = Vec::new();
                let view = build_tree_view(&tree, top, depth, &mut requested_ids).expect("a node");
                let mut shown_ids = Vec::new();
                nodes(&view, &mut shown_ids);
                let mut ids: Vec<UserId> = shown_ids.iter().filter_map(|node| node.user_id).collect();
                assert!(shown_ids.len() < 1 << (depth + 1), "{} shown to depth {depth}", shown_ids.len());
                ids.sort_unstable();
                requested_ids.sort_unstable();
                assert_eq!(requested_ids, ids, "below {top} to depth {depth}");
            }
        }
    }

    #[test]
    fn following_has_more_visits_every_member_once() {
        let tree = sample_tree();
        for depth in 1..=MAX_DEPTH {
            let (mut visits, mut tops) = (HashMap::new(), VecDeque::from([ROOT]));
            while let Some(top) = tops.pop_front() {
                let view = build_tree_view(&tree, top, depth, &mut Vec::new()).expect("a node");
                assert!(view.left.is_some() || view.right.is_some(), "nothing is below {top}");
                let mut shown_ids = Vec::new();
                nodes(&view, &mut shown_ids);
                for node in shown_ids.iter().filter_map(|node| Some((tree.find(node.user_id?)?, node.has_more))) {
                    // The top was counted at the end of another part.
                    *visits.entry(node.0).or_insert(0) += u32::from(node.0 != top);
                    tops.extend(node.1.then_some(node.0));
                }
            }
            let expected: HashMap<NodeIndex, u32> = tree.members().map(|node| (node.index, 1)).collect();
            assert_eq!(visits, expected, "depth {depth}");
        }
    }
}
