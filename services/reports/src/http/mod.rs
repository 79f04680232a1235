//! Routes of the reports service: dashboards, and reports by day, week or month.

mod dashboard;
mod figures;
mod me;
mod reports;
mod sheet;

use crate::ReportsState;
use chassis::auth::Access;
use chassis::http::{Doc, Problem, Routes};
use domain::MoneyError;

/// The route table with its access rules.
pub(crate) fn routes(state: ReportsState) -> Routes {
    let report = |summary| {
        let files = ["text/csv", sheet::XLSX];
        Doc::new(summary).query::<reports::ReportFilter>().returns::<sheet::ReportView>().returns_file(files)
    };
    Routes::new("reports")
        .data(state)
        .get_documented(
            "/reports/dashboard",
            Access::Staff,
            dashboard::get,
            Doc::new("Totals of the platform, and figures of today").returns::<dashboard::DashboardView>(),
        )
        .get_documented(
            "/reports/me",
            Access::User,
            me::get,
            Doc::new("Figures of the caller").returns::<me::MyDashboardView>(),
        )
        .get_documented("/reports/sales", Access::Staff, reports::sales, report("Bookings made and money received"))
        .get_documented("/reports/users", Access::Staff, reports::users, report("Members who joined or were placed"))
        .get_documented(
            "/reports/wallet",
            Access::Staff,
            reports::wallet,
            report("Wallet transactions by type, signed"),
        )
        .get_documented("/reports/payouts", Access::Staff, reports::payouts, report("Payouts by step"))
        .get_documented(
            "/reports/binary",
            Access::Staff,
            reports::binary,
            report("Placements, and pairs matched and voided"),
        )
}

/// 500 for a sum that exceeds 64 bits of paise.
fn overflow(error: MoneyError) -> Problem {
    Problem::internal(error)
}
