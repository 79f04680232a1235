//! Binary's part of the read graph: the tree, pairs, and the plan.

use super::{nodes, pairs, plans, tree};
use crate::state::BinaryState;
use graph::Part;
use http_api::Access::{Staff, User};
use http_api::documented;

/// All fields of this service.
pub(crate) fn part(state: BinaryState) -> Part {
    Part::new("binary", state)
        .query("tree", User, documented!(tree::get))
        .query("pairs", User, documented!(pairs::list))
        .query("plan", User, documented!(plans::get))
        .query("plan_versions", Staff, documented!(plans::list))
        .of_user_by("root", "tree", documented!(tree::get))
        .of_user("position", documented!(nodes::get))
        .of_user("pairs", documented!(pairs::list))
        .of_user("earnings", documented!(pairs::list_earnings))
}
