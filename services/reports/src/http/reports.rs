//! Handlers of the reports.

use super::catalogue::{Breakdown, PeriodReport};
use super::request::ReportFilter;
use super::sheet::{BreakdownResponse, PeriodResponse};
use crate::ReportsState;
use actix_web::web;
use http_api::{Problem, Query, operation};

/// Bookings made and money received.
///
/// Filters: `vehicle`, `method`, `status` (of the booking), `city`, `plan_version`. A column that a filter does not narrow is left out.
///
/// 422 for a range that is backwards or too long, `reports.filter_unsupported` for filters that no column has, or a file
/// with `compare`; 429 for a file or a filter while other long reads run.
#[operation]
pub(super) async fn sales(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<PeriodResponse, Problem> {
    filter.respond(&state, PeriodReport::Sales).await
}

/// Members who joined or were placed.
///
/// Filters: `city`. A column that a filter does not narrow is left out.
///
/// 422 for a range that is backwards or too long, `reports.filter_unsupported` for filters that no column has, or a file
/// with `compare`; 429 for a file or a filter while other long reads run.
#[operation]
pub(super) async fn users(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<PeriodResponse, Problem> {
    filter.respond(&state, PeriodReport::Users).await
}

/// Wallet transactions by type, signed.
///
/// Filters: `city`. A column that a filter does not narrow is left out.
///
/// 422 for a range that is backwards or too long, `reports.filter_unsupported` for filters that no column has, or a file
/// with `compare`; 429 for a file or a filter while other long reads run.
#[operation]
pub(super) async fn wallet(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<PeriodResponse, Problem> {
    filter.respond(&state, PeriodReport::Wallet).await
}

/// Payouts by step.
///
/// Filters: `status` (of the payout), `city`. A column that a filter does not narrow is left out.
///
/// 422 for a range that is backwards or too long, `reports.filter_unsupported` for filters that no column has, or a file
/// with `compare`; 429 for a file or a filter while other long reads run.
#[operation]
pub(super) async fn payouts(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<PeriodResponse, Problem> {
    filter.respond(&state, PeriodReport::Payouts).await
}

/// Placements, and pairs matched and voided.
///
/// Filters: `city` (of the earner), `plan_version`. A column that a filter does not narrow is left out.
///
/// 422 for a range that is backwards or too long, `reports.filter_unsupported` for filters that no column has, or a file
/// with `compare`; 429 for a file or a filter while other long reads run.
#[operation]
pub(super) async fn binary(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<PeriodResponse, Problem> {
    filter.respond(&state, PeriodReport::Binary).await
}

/// Members by the month they joined, with what became of them until now.
///
/// Filters: `city`. A column that a filter does not narrow is left out.
///
/// 422 for a range that is backwards or too long, `reports.filter_unsupported` for filters that no column has, or a file
/// with `compare`; 429 for a file or a filter while other long reads run.
#[operation]
pub(super) async fn cohorts(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<PeriodResponse, Problem> {
    filter.respond(&state, PeriodReport::Cohorts).await
}

/// Commission by generation: how many levels below the earner those are from whom it comes.
///
/// Referral bonuses are of the first generation; a pair is of the generation of its deeper member in the binary tree.
/// Generations beyond the twentieth share a row. Filters: `city` (of the earner), `plan_version` (pairs alone).
///
/// 422 for a range that is backwards or too long, `reports.filter_unsupported` for filters that no column has,
/// `reports.parameter_unsupported` for `group_by` or `compare`; 429 while other long reads run.
#[operation]
pub(super) async fn generations(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<BreakdownResponse, Problem> {
    filter.respond_breakdown(&state, Breakdown::Generations).await
}

/// Unpaid instalments of confirmed bookings by the days since they were due.
///
/// It is of today and takes no filter.
///
/// 422 `reports.filter_unsupported` for a filter, `reports.parameter_unsupported` for a range.
#[operation]
pub(super) async fn emi_ageing(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<BreakdownResponse, Problem> {
    filter.respond_breakdown(&state, Breakdown::EmiAgeing).await
}

/// Payouts that are requested and not finished, by the days since their request.
///
/// It is of today and takes no filter. `undecided` ones wait for a decision, `unpaid_payouts` for the bank.
///
/// 422 `reports.filter_unsupported` for a filter, `reports.parameter_unsupported` for a range.
#[operation]
pub(super) async fn payout_ageing(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<BreakdownResponse, Problem> {
    filter.respond_breakdown(&state, Breakdown::PayoutAgeing).await
}
