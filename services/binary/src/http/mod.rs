//! Route table of the binary service.

mod journal;
mod nodes;
mod pairs;
mod placements;
mod plans;
mod preferences;

use crate::app::simulate::SimulationReport;
use crate::app::verify::Verification;
use crate::state::BinaryState;
use chassis::auth::Access;
use chassis::http::{Doc, Listing, Routes};
use domain::PlanVersion;

/// All routes of this service.
pub fn routes(state: BinaryState) -> Routes {
    Routes::new("binary")
        .data(state)
        .get_documented(
            "/binary/me",
            Access::User,
            nodes::get_own,
            Doc::new("My place in the tree").returns::<nodes::NodeView>(),
        )
        .get_documented(
            "/binary/tree",
            Access::User,
            nodes::get_tree,
            Doc::new("A part of the tree: my own, or below any member for staff")
                .query::<nodes::TreeFilter>()
                .returns::<nodes::TreeView>(),
        )
        .get_documented(
            "/binary/nodes/{user_id}",
            Access::User,
            nodes::get,
            Doc::new("The place of a member in my part of the tree").returns::<nodes::NodeView>(),
        )
        .get_documented(
            "/binary/pairs",
            Access::User,
            pairs::list,
            Doc::new("Pairs, newest first").query::<pairs::PairFilter>().paged().returns::<Listing<pairs::PairView>>(),
        )
        .get_documented(
            "/binary/earnings",
            Access::User,
            pairs::list_earnings,
            Doc::new("Sums of pairs by month, newest first")
                .query::<pairs::PairFilter>()
                .paged()
                .returns::<Listing<pairs::EarningsView>>(),
        )
        .get_documented(
            "/users/me/preferred-side",
            Access::User,
            preferences::get,
            Doc::new("My preferred side").returns::<preferences::PreferredSideView>(),
        )
        .put_documented(
            "/users/me/preferred-side",
            Access::User,
            preferences::update,
            Doc::new("Choose my preferred side, before I am placed")
                .body::<preferences::PreferredSideInput>()
                .returns::<preferences::PreferredSideView>(),
        )
        .post_documented(
            "/binary/placements",
            Access::Admin,
            placements::create,
            Doc::new("Place a member manually")
                .body::<placements::PlacementInput>()
                .created::<nodes::NodeView>()
                .idempotent(),
        )
        .get_documented(
            "/binary/log",
            Access::Staff,
            journal::list,
            Doc::new("Journal of the tree, oldest first").query::<journal::LogFilter>().returns::<journal::LogPage>(),
        )
        .get_documented(
            "/binary/digest",
            Access::Staff,
            journal::get_digest,
            Doc::new("Digest of the whole tree, equal for equal journals").returns::<journal::DigestView>(),
        )
        .get_documented(
            "/binary/verify",
            Access::Staff,
            journal::verify,
            Doc::new("Replay the whole journal and compare every row with the result").returns::<Verification>(),
        )
        .get_documented("/plan", Access::User, plans::get, Doc::new("The plan in force").returns::<PlanVersion>())
        .get_documented(
            "/plan/versions",
            Access::Staff,
            plans::list,
            Doc::new("Plan versions, newest first").paged().returns::<Listing<PlanVersion>>(),
        )
        .post_documented(
            "/plan/simulate",
            Access::Admin,
            plans::simulate,
            Doc::new("Simulate the whole history of the tree under a candidate plan")
                .body::<plans::CandidatePlanInput>()
                .returns::<SimulationReport>(),
        )
        .post_documented(
            "/plan/versions",
            Access::Admin,
            plans::publish,
            Doc::new("Publish a plan version that takes effect later")
                .body::<plans::PlanVersionInput>()
                .created::<PlanVersion>()
                .idempotent(),
        )
}
