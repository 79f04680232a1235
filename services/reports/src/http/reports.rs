//! Handlers of the five reports.

use super::{figures, overflow, sheet};
use crate::ReportsState;
use crate::domain::period::{Grouping, Periods, RangeError};
use crate::domain::report::{Column, DailyFigure, Report};
use actix_web::{HttpResponse, web};
use chassis::http::{Problem, Query, long_read};
use domain::Day;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub(super) struct ReportFilter {
    /// First Indian day; the first of the current month by default.
    from: Option<Day>,
    /// Last Indian day; the last of the current month by default.
    to: Option<Day>,
    /// `day` by default; weeks begin on Monday.
    group_by: Option<Grouping>,
    /// `json` by default.
    format: Option<sheet::Format>,
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

    /// Whether the report is a file, which needs a connection for long reads.
    fn is_file(self) -> bool {
        matches!(self.format, Some(sheet::Format::Csv | sheet::Format::Xlsx))
    }

    fn respond(
        self,
        name: &str,
        periods: Periods,
        columns: &'static [Column],
        figures: &[DailyFigure],
    ) -> Result<HttpResponse, Problem> {
        let report = Report::try_new(periods, columns, figures).map_err(overflow)?;
        sheet::respond(name, &report, self.format.unwrap_or(sheet::Format::Json))
    }
}

/// Defines one handler per report.
macro_rules! reports {
    ($($name:ident: $columns:ident),+) => {$(
        pub(super) async fn $name(
            state: web::Data<ReportsState>,
            Query(filter): Query<ReportFilter>,
        ) -> Result<HttpResponse, Problem> {
            let periods = filter.periods(state.ctx.now().day())?;
            if !filter.is_file() {
                let figures = figures::$name(&mut *state.ctx.db().replica().await?, periods.from, periods.to).await?;
                return filter.respond(stringify!($name), periods, figures::$columns, &figures);
            }
            let long_read = long_read(state.ctx.db(), Duration::ZERO).await?;
            let figures = figures::$name(&mut *long_read.connection().await?, periods.from, periods.to).await?;
            filter.respond(stringify!($name), periods, figures::$columns, &figures)
        }
    )+};
}
reports! { sales: SALES, users: USERS, wallet: WALLET, payouts: PAYOUTS, binary: BINARY }
