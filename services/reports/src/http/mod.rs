//! The route table: dashboards, and reports by day, week or month.

mod dashboard;
mod facts;
mod me;
mod reports;
mod sheet;

use crate::Reports;
use chassis::auth::Access;
use chassis::http::{Doc, Problem, Routes};
use domain::MoneyError;

pub(crate) fn routes(state: Reports) -> Routes {
    let report = |summary| {
        let files = ["text/csv", sheet::XLSX];
        Doc::new(summary).filters::<reports::Asked>().gives::<sheet::ReportView>().gives_file(files)
    };
    Routes::new("reports")
        .data(state)
        .get(
            "/reports/dashboard",
            Access::Staff,
            dashboard::show,
            Doc::new("The platform's totals, and today").gives::<dashboard::Dashboard>(),
        )
        .get("/reports/me", Access::User, me::show, Doc::new("The caller's own figures").gives::<me::MyDashboard>())
        .get("/reports/sales", Access::Staff, reports::sales, report("Bookings made, and money received for them"))
        .get("/reports/users", Access::Staff, reports::users, report("Members who joined and who were placed"))
        .get("/reports/wallet", Access::Staff, reports::wallet, report("Wallet lines by type; signed"))
        .get("/reports/payouts", Access::Staff, reports::payouts, report("Payouts by the steps they took"))
        .get("/reports/binary", Access::Staff, reports::binary, report("Placements, and pairs matched and voided"))
}

/// Sums beyond ₹92 quadrillion: the platform's own trouble, not the caller's.
fn overflow(error: MoneyError) -> Problem {
    Problem::internal(error)
}
