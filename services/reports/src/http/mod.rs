//! Routes of the reports service: dashboards, reports and the search.

mod breakdowns;
mod catalogue;
mod chart;
mod dashboard;
mod figures;
pub(crate) mod graph;
mod members;
mod reports;
mod request;
mod search;
mod sheet;
mod source;

use crate::ReportsState;
use domain::MoneyError;
use http_api::{Access, Problem, Routes, documented};

/// All routes, with their access rules and documentation.
pub(crate) fn routes(state: ReportsState) -> Routes {
    let staff = Access::Staff;
    Routes::new("reports")
        .data(state)
        .get("/reports/dashboard", staff, documented!(dashboard::get))
        .get("/reports/me", Access::User, documented!(members::get_own))
        .get("/reports/members/{id}", staff, documented!(members::get))
        .get("/reports/sales", staff, documented!(reports::sales))
        .get("/reports/users", staff, documented!(reports::users))
        .get("/reports/wallet", staff, documented!(reports::wallet))
        .get("/reports/payouts", staff, documented!(reports::payouts))
        .get("/reports/binary", staff, documented!(reports::binary))
        .get("/reports/cohorts", staff, documented!(reports::cohorts))
        .get("/reports/generations", staff, documented!(reports::generations))
        .get("/reports/emi-ageing", staff, documented!(reports::emi_ageing))
        .get("/reports/payout-ageing", staff, documented!(reports::payout_ageing))
        .get("/reports/{name}.svg", staff, documented!(chart::get))
        .get("/search", staff, documented!(search::list))
}

/// 500 for a sum that exceeds 64 bits of paise.
fn overflow(error: MoneyError) -> Problem {
    Problem::internal(error)
}
