//! Route table of the binary service.

pub(crate) mod graph;
mod journal;
mod names;
mod nodes;
mod pairs;
mod placements;
mod plan_limits;
mod plans;
mod preferences;
mod queues;
mod scope;
mod search;
mod shape;
mod simulations;
mod tree;
mod verification;

use crate::state::BinaryState;
use chassis::audit::AuditSubject;
use domain::UserId;
use http_api::{Access, Routes, documented};

/// All routes of this service.
pub fn routes(state: BinaryState) -> Routes {
    Routes::new("binary")
        .data(state)
        .get("/binary/me", Access::User, documented!(nodes::get_own))
        .get("/binary/tree", Access::User, documented!(tree::get))
        .get("/binary/tree/shape", Access::User, documented!(shape::get))
        .get("/binary/search", Access::User, documented!(search::list))
        .post("/binary/names", Access::User, documented!(names::list))
        .get("/binary/nodes/{user_id}", Access::User, documented!(nodes::get))
        .get("/binary/pairs", Access::User, documented!(pairs::list))
        .get("/binary/earnings", Access::User, documented!(pairs::list_earnings))
        .get("/users/me/preferred-side", Access::User, documented!(preferences::get))
        .put("/users/me/preferred-side", Access::User, documented!(preferences::update))
        .post("/binary/placements", Access::Admin, documented!(placements::create))
        .get("/binary/log", Access::Staff, documented!(journal::list))
        .get("/binary/digest", Access::Staff, documented!(journal::get_digest))
        .get("/binary/verify", Access::Staff, documented!(verification::verify))
        .post("/binary/verifications", Access::Staff, documented!(verification::request))
        .get("/binary/verifications", Access::Staff, documented!(verification::list))
        .get("/binary/verifications/{id}", Access::Staff, documented!(verification::get))
        .get("/plan", Access::User, documented!(plans::get))
        .get("/plan/versions", Access::Staff, documented!(plans::list))
        .get("/plan/limits", Access::Staff, documented!(plan_limits::get))
        .get("/plan/queue-counts", Access::Staff, documented!(queues::count))
        .post("/plan/simulate", Access::Staff, documented!(simulations::simulate))
        .get("/plan/simulations", Access::Staff, documented!(simulations::list))
        .get("/plan/simulations/{id}", Access::Staff, documented!(simulations::get))
        .post("/plan/versions", Access::Admin, documented!(plans::create))
        .delete("/plan/versions/{version}", Access::Admin, documented!(plans::withdraw))
}

/// Subject of an audit record, with its owner.
enum Subject {
    Member(UserId),
    PlanVersion(u32),
}

impl AuditSubject for Subject {
    const SERVICE: &'static str = "binary";

    fn into_parts(self) -> (&'static str, String, Option<UserId>) {
        match self {
            Self::Member(id) => ("member", id.to_string(), Some(id)),
            Self::PlanVersion(version) => ("plan_version", version.to_string(), None),
        }
    }
}
