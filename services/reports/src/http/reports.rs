//! The five reports: what was asked for, and the answer in the format wanted.

use super::{facts, overflow, sheet};
use crate::Reports;
use crate::domain::period::{Grouping, Periods, RangeError};
use crate::domain::report::{Column, Fact, Report};
use actix_web::{HttpResponse, web};
use chassis::http::{Problem, Query, long_read};
use domain::Day;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
pub(super) struct Asked {
    /// First day, Indian. The first of this month by default.
    from: Option<Day>,
    /// Last day. The last of this month by default.
    to: Option<Day>,
    /// `day` by default; weeks begin on Monday.
    group_by: Option<Grouping>,
    /// `json` by default.
    format: Option<sheet::Format>,
}

impl Asked {
    fn periods(self, today: Day) -> Result<Periods, Problem> {
        Periods::try_new(today, self.from, self.to, self.group_by.unwrap_or(Grouping::Day)).map_err(|error| {
            let code = match error {
                RangeError::Backwards => "reports.range_backwards",
                RangeError::TooLong => "reports.range_too_long",
            };
            Problem::unprocessable(code, error.to_string())
        })
    }

    fn is_file(self) -> bool {
        matches!(self.format, Some(sheet::Format::Csv | sheet::Format::Xlsx))
    }

    fn answer(
        self,
        name: &str,
        periods: Periods,
        columns: &'static [Column],
        facts: &[Fact],
    ) -> Result<HttpResponse, Problem> {
        let report = Report::try_new(periods, columns, facts).map_err(overflow)?;
        sheet::answer(name, &report, self.format.unwrap_or(sheet::Format::Json))
    }
}

macro_rules! reports {
    ($($name:ident: $columns:ident),+) => {$(
        pub(super) async fn $name(
            app: web::Data<Reports>,
            Query(asked): Query<Asked>,
        ) -> Result<HttpResponse, Problem> {
            let periods = asked.periods(app.ctx.now().day())?;
            if !asked.is_file() {
                let facts = facts::$name(&mut *app.ctx.db().replica().await?, periods.from, periods.to).await?;
                return asked.answer(stringify!($name), periods, facts::$columns, &facts);
            }
            let turn = long_read(app.ctx.db(), Duration::ZERO).await?;
            let facts = facts::$name(&mut *turn.connection().await?, periods.from, periods.to).await?;
            asked.answer(stringify!($name), periods, facts::$columns, &facts)
        }
    )+};
}
reports! { sales: SALES, users: USERS, wallet: WALLET, payouts: PAYOUTS, binary: BINARY }
