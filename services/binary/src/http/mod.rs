//! The route table.

mod journal;
mod nodes;
mod pairs;
mod placements;
mod plans;
mod preferences;

use crate::app::simulate::Simulated;
use crate::app::verify::Verification;
use crate::state::Binary;
use chassis::auth::Access;
use chassis::http::{Doc, Listing, Routes};
use domain::PlanVersion;

pub fn routes(app: Binary) -> Routes {
    Routes::new("binary")
        .data(app)
        .get("/binary/me", Access::User, nodes::mine, Doc::new("My place in the tree").gives::<nodes::NodeView>())
        .get(
            "/binary/tree",
            Access::User,
            nodes::tree,
            Doc::new("A part of the tree: my own, or from any member for staff")
                .filters::<nodes::TreeFilter>()
                .gives::<nodes::TreeView>(),
        )
        .get(
            "/binary/nodes/{user_id}",
            Access::User,
            nodes::one,
            Doc::new("A member's place, in my part of the tree").gives::<nodes::NodeView>(),
        )
        .get(
            "/binary/pairs",
            Access::User,
            pairs::list,
            Doc::new("Pairs, newest first").filters::<pairs::Earner>().paged().gives::<Listing<pairs::PairView>>(),
        )
        .get(
            "/binary/earnings",
            Access::User,
            pairs::earnings,
            Doc::new("What pairs came to, by month, newest first")
                .filters::<pairs::Earner>()
                .paged()
                .gives::<Listing<pairs::EarningsView>>(),
        )
        .get(
            "/users/me/preferred-side",
            Access::User,
            preferences::mine,
            Doc::new("The side I prefer to be placed on").gives::<preferences::PreferenceView>(),
        )
        .put(
            "/users/me/preferred-side",
            Access::User,
            preferences::choose,
            Doc::new("Choose the side to be placed on, before I am placed")
                .takes::<preferences::SideInput>()
                .gives::<preferences::PreferenceView>(),
        )
        .post(
            "/binary/placements",
            Access::Admin,
            placements::create,
            Doc::new("Place a member by hand")
                .takes::<placements::PlacementInput>()
                .creates::<nodes::NodeView>()
                .idempotent(),
        )
        .get(
            "/binary/log",
            Access::Staff,
            journal::list,
            Doc::new("What happened to the tree, in its own order, oldest first")
                .filters::<journal::LogFilter>()
                .gives::<journal::LogPage>(),
        )
        .get(
            "/binary/digest",
            Access::Staff,
            journal::digest,
            Doc::new("A digest of the whole tree, equal for equal journals").gives::<journal::DigestView>(),
        )
        .get(
            "/binary/verify",
            Access::Staff,
            journal::verify,
            Doc::new("Replay the whole journal and compare every row with what it comes to").gives::<Verification>(),
        )
        .get("/plan", Access::User, plans::current, Doc::new("The plan in force").gives::<PlanVersion>())
        .get(
            "/plan/versions",
            Access::Staff,
            plans::versions,
            Doc::new("Every version, newest first").paged().gives::<Listing<PlanVersion>>(),
        )
        .post(
            "/plan/simulate",
            Access::Admin,
            plans::simulate,
            Doc::new("What the tree's whole history would have come to under a candidate plan")
                .takes::<plans::CandidatePlan>()
                .gives::<Simulated>(),
        )
        .post(
            "/plan/versions",
            Access::Admin,
            plans::publish,
            Doc::new("Publish a version that takes effect later")
                .takes::<plans::NewPlan>()
                .creates::<PlanVersion>()
                .idempotent(),
        )
}
