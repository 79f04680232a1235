//! Handlers of the five reports.

use super::sheet::{Format, ReportResponse, respond_file, respond_json};
use super::{figures, overflow};
use crate::ReportsState;
use crate::domain::period::{Grouping, Periods, RangeError};
use crate::domain::report::{Column, DailyFigure, Report};
use actix_web::web;
use db::DbConnection;
use domain::Day;
use http_api::{Problem, Query, long_read, operation};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

domain::text_enum! {
    /// Range to compare a report with.
    enum Comparison {
        /// The range of as many whole months, or else of as many days, that ends the day before the report begins.
        Previous = "previous",
    }
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub(super) struct ReportFilter {
    /// First Indian day; the first of the current month by default.
    from: Option<Day>,
    /// Last Indian day; the last of the current month by default.
    to: Option<Day>,
    /// `day` by default; weeks begin on Monday.
    group_by: Option<Grouping>,
    /// `json` by default.
    format: Option<Format>,
    /// Adds the figures of another range; only with the format `json`.
    compare: Option<Comparison>,
}

impl ReportFilter {
    /// The periods of the report; 422 for a range that is backwards or too long.
    fn periods(self, today: Day) -> Result<Periods, Problem> {
        Periods::try_new(today, self.from, self.to, self.group_by.unwrap_or(Grouping::Day)).map_err(|error| {
            let code = match error {
                RangeError::Backwards => "reports.range_backwards",
                RangeError::TooLong => "reports.range_too_long",
            };
            Problem::unprocessable(code, error.to_string())
        })
    }

    /// Responds with the report `name` of the figures that `load` reads, for a file with a connection for long reads.
    async fn respond(
        self,
        state: &ReportsState,
        name: &str,
        columns: &'static [Column],
        load: impl AsyncFn(&mut DbConnection, Day, Day) -> Result<Vec<DailyFigure>, Problem>,
    ) -> Result<ReportResponse, Problem> {
        let periods = self.periods(state.ctx.now().day())?;
        let report = async |c: &mut DbConnection, periods: Periods| {
            let figures = load(c, periods.from, periods.to).await?;
            Report::try_new(periods, columns, &figures).map_err(overflow)
        };
        let Some(format) = self.format.unwrap_or(Format::Json).file() else {
            let mut c = state.ctx.db().replica().await?;
            let previous = match self.compare {
                Some(Comparison::Previous) => Some(report(&mut c, periods.previous()).await?),
                None => None,
            };
            return Ok(respond_json(&report(&mut c, periods).await?, previous.as_ref()));
        };
        if self.compare.is_some() {
            let detail = "a file has no comparison: request the format `json`";
            return Err(Problem::unprocessable("reports.compare_needs_json", detail));
        }
        let long_read = long_read(state.ctx.db(), Duration::ZERO).await?;
        let report = report(&mut *long_read.connection().await?, periods).await?;
        respond_file(name, &report, format)
    }
}

/// Bookings made and money received.
///
/// 422 for a range that is backwards or too long, or a file with `compare`; 429 for a file while other long reads run.
#[operation]
pub(super) async fn sales(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<ReportResponse, Problem> {
    filter.respond(&state, "sales", figures::SALES, figures::sales).await
}

/// Members who joined or were placed.
///
/// 422 for a range that is backwards or too long, or a file with `compare`; 429 for a file while other long reads run.
#[operation]
pub(super) async fn users(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<ReportResponse, Problem> {
    filter.respond(&state, "users", figures::USERS, figures::users).await
}

/// Wallet transactions by type, signed.
///
/// 422 for a range that is backwards or too long, or a file with `compare`; 429 for a file while other long reads run.
#[operation]
pub(super) async fn wallet(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<ReportResponse, Problem> {
    filter.respond(&state, "wallet", figures::WALLET, figures::wallet).await
}

/// Payouts by step.
///
/// 422 for a range that is backwards or too long, or a file with `compare`; 429 for a file while other long reads run.
#[operation]
pub(super) async fn payouts(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<ReportResponse, Problem> {
    filter.respond(&state, "payouts", figures::PAYOUTS, figures::payouts).await
}

/// Placements, and pairs matched and voided.
///
/// 422 for a range that is backwards or too long, or a file with `compare`; 429 for a file while other long reads run.
#[operation]
pub(super) async fn binary(
    state: web::Data<ReportsState>,
    Query(filter): Query<ReportFilter>,
) -> Result<ReportResponse, Problem> {
    filter.respond(&state, "binary", figures::BINARY, figures::binary).await
}
