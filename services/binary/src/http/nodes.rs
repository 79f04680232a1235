//! Places in the tree and parts of the tree.

use crate::app::tree_state::TreeState;
use crate::domain::legs::Legs;
use crate::domain::{NodeIndex, ROOT, Tree};
use crate::error::BinaryError;
use crate::state::BinaryState;
use crate::store::{members, nodes, pairs};
use actix_web::http::StatusCode;
use actix_web::web;
use chassis::auth::Caller;
use chassis::http::{Json, Path, Problem, Query, operation};
use db::DbConnection;
use domain::{Side, Timestamp, UserId};
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
    node: i64,
    user_id: UserId,
    parent_id: Option<UserId>,
    depth: u32,
    leg_counts: Legs<u32>,
    carried: u32,
}

impl NodeSnapshot {
    pub(super) fn of(tree: &Tree, node: NodeIndex) -> Self {
        let arena = tree.arena();
        Self {
            node: i64::from(node),
            user_id: arena.id(node),
            parent_id: arena.parent(node).and_then(|(parent, _)| arena.member_id(parent)),
            depth: arena.depth(node),
            leg_counts: arena.leg_counts(node),
            carried: arena.backlog(node),
        }
    }

    pub(super) async fn load_view(self, c: &mut DbConnection, now: Timestamp) -> Result<NodeView, BinaryError> {
        let row = nodes::load(c, self.node).await?;
        let (pairs_total, pairs_this_month) = pairs::count_matched(c, self.node, now.month()).await?;
        Ok(NodeView {
            user_id: self.user_id,
            parent_id: self.parent_id,
            side: row.side,
            depth: self.depth,
            left_count: self.leg_counts.left(),
            right_count: self.leg_counts.right(),
            pairs_total,
            pairs_this_month,
            pairs_carried: self.carried,
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
        NodeSnapshot::of(&tree_state.tree, node)
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
        NodeSnapshot::of(&tree_state.tree, find_visible(&tree_state, &caller, user)?)
    };
    Ok(Json::new(snapshot.load_view(&mut c, state.ctx.now()).await?))
}

/// A node that the caller may see: in their own part of the tree, or any for staff. Errors with 404 otherwise.
fn find_visible(tree_state: &TreeState, caller: &Caller, user: UserId) -> Result<NodeIndex, Problem> {
    let tree = &tree_state.tree;
    let node = tree.find(user).ok_or_else(Problem::not_found)?;
    let is_below = |mine: NodeIndex| tree.arena().is_within(node, mine);
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
    let mut view = build_tree_view(&tree_state.tree, top, depth, &mut shown_ids);
    drop(tree_state);
    let names = members::find_all(&mut c, &shown_ids).await?.into_iter().map(|m| (m.user_id, m.name)).collect();
    fill_names(&mut view, &names);
    Ok(Json::new(view))
}

/// The view of a node and the levels below it. Recursion depth is at most [`MAX_DEPTH`].
fn build_tree_view(tree: &Tree, node: NodeIndex, depth: u32, shown_ids: &mut Vec<UserId>) -> TreeView {
    let arena = tree.arena();
    let leg_counts = arena.leg_counts(node);
    let mut child = |side| {
        let below = depth.checked_sub(1)?;
        Some(Box::new(build_tree_view(tree, arena.child(node, side)?, below, shown_ids)))
    };
    let (left, right) = (child(Side::Left), child(Side::Right));
    let has_children = [Side::Left, Side::Right].into_iter().any(|side| arena.child(node, side).is_some());
    let user_id = arena.member_id(node);
    shown_ids.extend(user_id);
    TreeView {
        user_id,
        name: String::new(),
        side: arena.parent(node).map(|(_, side)| side),
        left_count: leg_counts.left(),
        right_count: leg_counts.right(),
        is_active_buyer: arena.is_active_buyer(node),
        left,
        right,
        has_more: depth == 0 && has_children,
    }
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
                let view = build_tree_view(&tree, top, depth, &mut requested_ids);
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
                let view = build_tree_view(&tree, top, depth, &mut Vec::new());
                assert!(view.left.is_some() || view.right.is_some(), "nothing is below {top}");
                let mut shown_ids = Vec::new();
                nodes(&view, &mut shown_ids);
                for node in shown_ids.iter().filter_map(|node| Some((tree.find(node.user_id?)?, node.has_more))) {
                    // The top was counted at the end of another part.
                    *visits.entry(node.0).or_insert(0) += u32::from(node.0 != top);
                    tops.extend(node.1.then_some(node.0));
                }
            }
            let expected: HashMap<NodeIndex, u32> = tree.arena().members().map(|node| (node, 1)).collect();
            assert_eq!(visits, expected, "depth {depth}");
        }
    }
}
