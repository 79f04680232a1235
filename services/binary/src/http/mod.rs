//! Route table of the binary service.

mod journal;
mod nodes;
mod pairs;
mod placements;
mod plans;
mod preferences;
mod simulations;
mod verification;

use crate::state::BinaryState;
use http_api::{Access, Routes, documented};

/// All routes of this service.
pub fn routes(state: BinaryState) -> Routes {
    Routes::new("binary")
        .data(state)
        .get("/binary/me", Access::User, documented!(nodes::get_own))
        .get("/binary/tree", Access::User, documented!(nodes::get_tree))
        .get("/binary/nodes/{user_id}", Access::User, documented!(nodes::get))
        .get("/binary/pairs", Access::User, documented!(pairs::list))
        .get("/binary/earnings", Access::User, documented!(pairs::list_earnings))
        .get("/users/me/preferred-side", Access::User, documented!(preferences::get))
        .put("/users/me/preferred-side", Access::User, documented!(preferences::update))
        .post("/binary/placements", Access::Admin, documented!(placements::create))
        .get("/binary/log", Access::Staff, documented!(journal::list))
        .get("/binary/digest", Access::Staff, documented!(journal::get_digest))
        .get("/binary/verify", Access::Staff, documented!(verification::verify))
        .get("/plan", Access::User, documented!(plans::get))
        .get("/plan/versions", Access::Staff, documented!(plans::list))
        .post("/plan/simulate", Access::Admin, documented!(simulations::simulate))
        .post("/plan/versions", Access::Admin, documented!(plans::create))
}
