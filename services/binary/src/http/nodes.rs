//! Places in the tree.

use crate::app::keeper::Held;
use crate::domain::legs::Legs;
use crate::domain::{Ix, ROOT, Tree};
use crate::error::Failure;
use crate::state::Binary;
use crate::store::{members, nodes, pairs};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Problem, Query, ok, path_id};
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
    /// Matched pairs; voided and flushed ones are not among them.
    pairs_total: i64,
    /// Those of them that were matched in the current month.
    pairs_this_month: i64,
    /// Pairs that wait for a month with free slots.
    pairs_carried: u32,
    sponsor_id: Option<UserId>,
    placed_at: Timestamp,
}

/// What the tree itself knows of a place. It is taken out, so that nobody holds the tree while the rest is read.
pub(super) struct Place {
    node: i64,
    user_id: UserId,
    parent_id: Option<UserId>,
    depth: u32,
    counts: Legs<u32>,
    carried: u32,
}

impl Place {
    pub(super) fn of(tree: &Tree, node: Ix) -> Self {
        let arena = tree.arena();
        Self {
            node: i64::from(node),
            user_id: arena.id(node),
            parent_id: arena.up(node).and_then(|(parent, _)| arena.member_id(parent)),
            depth: arena.depth(node),
            counts: arena.counts(node),
            carried: arena.backlog(node),
        }
    }

    pub(super) async fn view(self, c: &mut DbConnection, now: Timestamp) -> Result<NodeView, Failure> {
        let row = nodes::load(c, self.node).await?;
        let (pairs_total, pairs_this_month) = pairs::matched_counts(c, self.node, now.month()).await?;
        Ok(NodeView {
            user_id: self.user_id,
            parent_id: self.parent_id,
            side: row.side,
            depth: self.depth,
            left_count: self.counts.left(),
            right_count: self.counts.right(),
            pairs_total,
            pairs_this_month,
            pairs_carried: self.carried,
            sponsor_id: row.sponsor_id,
            placed_at: row.placed_at,
        })
    }
}

pub(super) async fn mine(app: web::Data<Binary>, caller: Caller) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let place = {
        let held = app.keeper.read(&mut c).await?;
        let node = held.tree.find(caller.user_id).ok_or_else(not_placed)?;
        Place::of(&held.tree, node)
    };
    Ok(ok(&place.view(&mut c, app.ctx.now()).await?))
}

fn not_placed() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "binary.not_placed", "your first completed payment gives you a place")
}

pub(super) async fn one(
    app: web::Data<Binary>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let user: UserId = path_id(&path)?;
    let mut c = app.ctx.db().read().await?;
    let place = {
        let held = app.keeper.read(&mut c).await?;
        Place::of(&held.tree, visible(&held, &caller, user)?)
    };
    Ok(ok(&place.view(&mut c, app.ctx.now()).await?))
}

/// A node the caller may see: in their own part of the tree, or any for staff.
fn visible(held: &Held, caller: &Caller, user: UserId) -> Result<Ix, Problem> {
    let tree = &held.tree;
    let node = tree.find(user).ok_or_else(Problem::not_found)?;
    let is_below = |mine: Ix| tree.arena().is_within(node, mine);
    if caller.role.is_staff() || tree.find(caller.user_id).is_some_and(is_below) {
        Ok(node)
    } else {
        Err(Problem::not_found())
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct TreeFilter {
    /// Whose tree: yourself by default, the company for staff.
    #[serde(default)]
    root: Option<String>,
    /// Levels below it, 0 to 6; 3 by default.
    #[serde(default)]
    depth: Option<u32>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TreeView {
    /// Null for the company.
    user_id: Option<UserId>,
    name: String,
    /// Under its parent; null for the company.
    side: Option<Side>,
    left_count: u32,
    right_count: u32,
    is_active_buyer: bool,
    left: Option<Box<TreeView>>,
    right: Option<Box<TreeView>>,
    /// Whether this answer leaves out members right below this one: ask for the tree from here.
    has_more: bool,
}

pub(super) async fn tree(
    app: web::Data<Binary>,
    caller: Caller,
    Query(filter): Query<TreeFilter>,
) -> Result<HttpResponse, Problem> {
    let root = filter.root.as_deref().map(path_id::<UserId>).transpose()?;
    let mut c = app.ctx.db().read().await?;
    let held = app.keeper.read(&mut c).await?;
    let top = match root {
        Some(user) => visible(&held, &caller, user)?,
        None if caller.role.is_staff() => ROOT,
        None => held.tree.find(caller.user_id).ok_or_else(not_placed)?,
    };
    let depth = filter.depth.unwrap_or(DEFAULT_DEPTH);
    if depth > MAX_DEPTH {
        let detail = format!("depth is from 0 to {MAX_DEPTH}; follow has_more for what is below");
        return Err(Problem::unprocessable("binary.depth_too_large", detail));
    }
    let mut shown = Vec::new();
    let mut view = branch(&held.tree, top, depth, &mut shown);
    drop(held);
    let names = members::find_all(&mut c, &shown).await?.into_iter().map(|m| (m.user_id, m.name)).collect();
    name(&mut view, &names);
    Ok(ok(&view))
}

/// A node and what is below it; `depth` is at most 6, so the recursion is shallow.
fn branch(tree: &Tree, node: Ix, depth: u32, shown: &mut Vec<UserId>) -> TreeView {
    let arena = tree.arena();
    let counts = arena.counts(node);
    let mut child = |side| {
        let below = depth.checked_sub(1)?;
        Some(Box::new(branch(tree, arena.child(node, side)?, below, shown)))
    };
    let (left, right) = (child(Side::Left), child(Side::Right));
    let has_children = [Side::Left, Side::Right].into_iter().any(|side| arena.child(node, side).is_some());
    let user_id = arena.member_id(node);
    shown.extend(user_id);
    TreeView {
        user_id,
        name: String::new(),
        side: arena.up(node).map(|(_, side)| side),
        left_count: counts.left(),
        right_count: counts.right(),
        is_active_buyer: arena.is_active_buyer(node),
        left,
        right,
        has_more: depth == 0 && has_children,
    }
}

fn name(view: &mut TreeView, names: &HashMap<UserId, String>) {
    view.name = match view.user_id {
        None => "Company".to_owned(),
        Some(id) => names.get(&id).cloned().unwrap_or_default(),
    };
    for below in [&mut view.left, &mut view.right].into_iter().flatten() {
        name(below, names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{InPlay, Input};
    use domain::Money;
    use std::collections::VecDeque;

    const MEMBERS: u32 = 5_000;

    fn user(n: u32) -> UserId {
        UserId::from(uuid::Uuid::from_u128(u128::from(n)))
    }

    /// Some bushy, some in long chains, some alone on one side.
    fn grown() -> Tree {
        let (mut tree, mut in_play) = (Tree::default(), InPlay::default());
        for n in 1..=MEMBERS {
            let sponsor = (n > 1).then(|| user(1 + n.wrapping_mul(2_654_435_761) % (n - 1)));
            let prefers = [None, None, Some(Side::Left), Some(Side::Right)].get(usize::try_from(n % 4).unwrap_or(0));
            let prefers = prefers.copied().flatten();
            let amount = Money::from_rupees(500);
            let input = Input::Placed { user: user(n), sponsor, prefers, distributor: false, amount };
            tree.apply(Timestamp::UNIX_EPOCH, &input, &mut in_play).expect("placed");
        }
        tree
    }

    /// Nodes of an answer, the company too, and those of them below which there is more.
    fn nodes<'a>(view: &'a TreeView, all: &mut Vec<&'a TreeView>) {
        all.push(view);
        for below in [&view.left, &view.right].into_iter().flatten() {
            nodes(below, all);
        }
    }

    #[test]
    fn a_part_of_the_tree_visits_and_looks_up_whom_it_shows_and_nobody_else() {
        let tree = grown();
        for depth in 0..=MAX_DEPTH {
            for top in [ROOT, 1, 2, 17, 400, 4_999, MEMBERS] {
                let mut looked_up = Vec::new();
                let view = branch(&tree, top, depth, &mut looked_up);
                let mut shown = Vec::new();
                nodes(&view, &mut shown);
                let mut ids: Vec<UserId> = shown.iter().filter_map(|node| node.user_id).collect();
                assert!(shown.len() < 1 << (depth + 1), "{} shown to depth {depth}", shown.len());
                ids.sort_unstable();
                looked_up.sort_unstable();
                assert_eq!(looked_up, ids, "below {top} to depth {depth}");
            }
        }
    }

    #[test]
    fn going_on_where_there_is_more_meets_everybody_once() {
        let tree = grown();
        for depth in 1..=MAX_DEPTH {
            let (mut met, mut tops) = (HashMap::new(), VecDeque::from([ROOT]));
            while let Some(top) = tops.pop_front() {
                let view = branch(&tree, top, depth, &mut Vec::new());
                assert!(view.left.is_some() || view.right.is_some(), "there is no more below {top}");
                let mut shown = Vec::new();
                nodes(&view, &mut shown);
                for node in shown.iter().filter_map(|node| Some((tree.find(node.user_id?)?, node.has_more))) {
                    // The top was met as the end of another part.
                    *met.entry(node.0).or_insert(0) += u32::from(node.0 != top);
                    tops.extend(node.1.then_some(node.0));
                }
            }
            let everybody: HashMap<Ix, u32> = tree.arena().members().map(|node| (node, 1)).collect();
            assert_eq!(met, everybody, "depth {depth}");
        }
    }
}
