//! The part of the tree that a caller sees: their own node and everything below it; for staff the whole tree.

use crate::domain::{NodeIndex, ROOT, Tree};
use actix_web::http::StatusCode;
use domain::UserId;
use http_api::{Caller, Problem};

/// The top of what the caller sees. Errors with 404 and `binary.not_placed` for a member without a place.
pub(super) fn load_own_top(tree: &Tree, caller: &Caller) -> Result<NodeIndex, Problem> {
    if caller.role.is_staff() { Ok(ROOT) } else { load_own_node(tree, caller) }
}

/// The caller's own node. Errors with 404 and `binary.not_placed`.
pub(super) fn load_own_node(tree: &Tree, caller: &Caller) -> Result<NodeIndex, Problem> {
    let detail = "you get a place with your first completed payment";
    tree.find(caller.user_id).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "binary.not_placed", detail))
}

/// The node of a member whom the caller may see. Errors with 404 otherwise.
pub(super) fn find_visible(tree: &Tree, caller: &Caller, user: UserId) -> Result<NodeIndex, Problem> {
    let node = tree.find(user).ok_or_else(Problem::not_found)?;
    let is_below = |mine: NodeIndex| tree.is_within(node, mine);
    if caller.role.is_staff() || tree.find(caller.user_id).is_some_and(is_below) {
        Ok(node)
    } else {
        Err(Problem::not_found())
    }
}

/// The node of `?root=`, or without it the top of what the caller sees. Errors with 404 for a root that is no id, not
/// placed or not visible, and with 404 and `binary.not_placed` without a root.
pub(super) fn load_top(tree: &Tree, caller: &Caller, root: Option<&str>) -> Result<NodeIndex, Problem> {
    match root {
        Some(root) => find_visible(tree, caller, root.parse().map_err(|_| Problem::not_found())?),
        None => load_own_top(tree, caller),
    }
}
