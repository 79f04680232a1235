//! Parts of the tree, level by level.

use super::names::load_names;
use super::scope::load_top;
use crate::domain::{NodeIndex, Tree};
use crate::state::BinaryState;
use actix_web::web;
use domain::{Side, UserId};
use http_api::{Caller, Json, Problem, Query, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const DEFAULT_DEPTH: u32 = 3;
const MAX_DEPTH: u32 = 6;

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
pub(super) async fn get(
    state: web::Data<BinaryState>,
    caller: Caller,
    Query(filter): Query<TreeFilter>,
) -> Result<Json<TreeView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let tree_state = state.tree_store.read(&mut c).await?;
    let top = load_top(&tree_state.tree, &caller, filter.root.as_deref())?;
    let depth = filter.depth.unwrap_or(DEFAULT_DEPTH);
    if depth > MAX_DEPTH {
        let detail = format!("depth must be from 0 to {MAX_DEPTH}; request the tree from a node with has_more");
        return Err(Problem::unprocessable("binary.depth_too_large", detail));
    }
    let mut shown_ids = Vec::new();
    let view = build_tree_view(&tree_state.tree, top, depth, &mut shown_ids);
    drop(tree_state);
    let mut view = view.ok_or_else(Problem::not_found)?;
    fill_names(&mut view, &load_names(&mut c, &shown_ids).await?);
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
    use crate::domain::{Input, ROOT, VoidablePairs};
    use domain::{Money, Timestamp};
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
