//! Query of a report: its periods, filters and format, and the response.

use super::catalogue::{Breakdown, PeriodReport};
use super::overflow;
use super::sheet::{
    BreakdownResponse, BreakdownView, FileFormat, Format, PeriodResponse, PeriodView, csv_download, respond_file,
};
use super::source::{AsOf, Reader};
use crate::ReportsState;
use crate::domain::filter::{ReportFilters, VehicleId};
use crate::domain::period::{Grouping, MAX_PERIODS, MAX_STREAMED_PERIODS, Periods, RangeError};
use crate::domain::report::{Column, Table, by_period};
use domain::search_words::normalize_word;
use domain::vocabulary::UnknownVariant;
use domain::{Day, PaymentMethod};
use http_api::{Json, JsonOrFile, Problem};
use schemars::JsonSchema;
use serde::Deserialize;
use std::str::FromStr;

domain::text_enum! {
    /// Range to compare a report with.
    enum Comparison {
        /// The range of as many whole months, or else of as many days, that ends the day before the report begins.
        Previous = "previous",
    }
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(super) struct ReportFilter {
    /// First Indian day; the first of the current month by default.
    from: Option<Day>,
    /// Last Indian day; the last of the current month by default.
    to: Option<Day>,
    /// `day` by default, `month` for cohorts; weeks begin on Monday.
    group_by: Option<Grouping>,
    /// `json` by default.
    format: Option<Format>,
    /// Adds the figures of another range; only with the format `json`.
    compare: Option<Comparison>,
    /// Only what belongs to bookings of this vehicle.
    vehicle: Option<VehicleId>,
    /// Only payments made this way.
    method: Option<PaymentMethod>,
    /// Only bookings, or payouts, that are in this status now.
    status: Option<String>,
    /// Only members of this city, however it is capitalized.
    city: Option<String>,
    /// Only what this version of the plan decided.
    plan_version: Option<u32>,
}

impl ReportFilter {
    /// The periods of the report; 422 for a range that is backwards or too long.
    pub(super) fn periods(&self, today: Day, grouping: Grouping, max_periods: usize) -> Result<Periods, Problem> {
        let days = (self.from, self.to);
        Periods::try_new(today, days, self.group_by.unwrap_or(grouping), max_periods).map_err(|error| {
            let code = match error {
                RangeError::Backwards => "reports.range_backwards",
                RangeError::TooLong { .. } => "reports.range_too_long",
            };
            Problem::unprocessable(code, error.to_string())
        })
    }

    /// The filters; 422 for a status that `report` does not know.
    pub(super) fn filters(&self, report: Option<PeriodReport>) -> Result<ReportFilters, Problem> {
        let of_payouts = report == Some(PeriodReport::Payouts);
        Ok(ReportFilters {
            vehicle: self.vehicle,
            method: self.method,
            booking_status: self.status.as_deref().filter(|_| !of_payouts).map(parse_status).transpose()?,
            payout_status: self.status.as_deref().filter(|_| of_payouts).map(parse_status).transpose()?,
            city: self.city.as_deref().map(|city| normalize_word(city.trim())),
            plan_version: self.plan_version.map(i64::from),
        })
    }

    /// 422 for a parameter that only reports by period have, or that the report of today has no use for.
    fn refuse_periods(&self, has_range: bool) -> Result<(), Problem> {
        let is_set = [
            ("group_by", self.group_by.is_some()),
            ("compare", self.compare.is_some()),
            ("from", self.from.is_some() && !has_range),
            ("to", self.to.is_some() && !has_range),
        ];
        match is_set.iter().find(|(_, is_set)| *is_set) {
            None => Ok(()),
            Some((name, _)) => {
                let detail = format!("this report has no use for `{name}`");
                Err(Problem::unprocessable("reports.parameter_unsupported", detail))
            }
        }
    }

    /// Responds with a report by period.
    pub(super) async fn respond(&self, state: &ReportsState, report: PeriodReport) -> Result<PeriodResponse, Problem> {
        let format = self.format.unwrap_or(Format::Json).file();
        let grouping = if report == PeriodReport::Cohorts { Grouping::Month } else { Grouping::Day };
        let max_periods = if format == Some(FileFormat::Csv) { MAX_STREAMED_PERIODS } else { MAX_PERIODS };
        let periods = self.periods(state.ctx.now().day(), grouping, max_periods)?;
        let filters = self.filters(Some(report))?;
        let columns = narrow(&filters, report.columns())?;
        if format.is_some() && self.compare.is_some() {
            let detail = "a file has no comparison: request the format `json`";
            return Err(Problem::unprocessable("reports.compare_needs_json", detail));
        }
        let is_long = format.is_some() || report.reads_facts(&filters);
        let reader = Reader::new(&state.ctx, is_long).await?;
        let as_of = reader.as_of(report.sources()).await?;
        let name = format!("{report}-{}-{}", periods.from, periods.to);
        match format {
            None => {
                let previous = match self.compare {
                    Some(Comparison::Previous) => {
                        let before = periods.previous();
                        Some((before, load(&reader, report, before, &filters, &columns).await?))
                    }
                    None => None,
                };
                let table = load(&reader, report, periods, &filters, &columns).await?;
                Ok(JsonOrFile::Json(Json::new(PeriodView::new(as_of, periods, &table, previous))))
            }
            Some(FileFormat::Csv) => {
                let mut parts = periods.parts();
                let file = csv_download(&name, &as_of, Table::empty("period", columns.clone()), async move || {
                    let Some(part) = parts.next() else { return Ok(None) };
                    load(&reader, report, part, &filters, &columns).await.map(Some)
                });
                Ok(JsonOrFile::File(file.await?))
            }
            Some(FileFormat::Xlsx) => {
                let table = load(&reader, report, periods, &filters, &columns).await?;
                Ok(JsonOrFile::File(respond_file(&name, report.as_str(), &as_of, &table)?))
            }
        }
    }

    /// Responds with a report that is not by period.
    pub(super) async fn respond_breakdown(
        &self,
        state: &ReportsState,
        report: Breakdown,
    ) -> Result<BreakdownResponse, Problem> {
        let today = state.ctx.now().day();
        let (as_of, days, table) = self.load_breakdown(state, report, today).await?;
        let name =
            if report.has_range() { format!("{report}-{}-{}", days.0, days.1) } else { format!("{report}-{today}") };
        Ok(match self.format.unwrap_or(Format::Json).file() {
            None => {
                let range = report.has_range().then_some(days);
                JsonOrFile::Json(Json::new(BreakdownView::new(as_of, range, &table)))
            }
            Some(FileFormat::Csv) => {
                let mut whole = Some(table.clone());
                let empty = Table::empty(table.key, table.columns);
                JsonOrFile::File(csv_download(&name, &as_of, empty, async move || Ok(whole.take())).await?)
            }
            Some(FileFormat::Xlsx) => JsonOrFile::File(respond_file(&name, report.as_str(), &as_of, &table)?),
        })
    }

    /// Loads a report that is not by period, with its range of days.
    pub(super) async fn load_breakdown(
        &self,
        state: &ReportsState,
        report: Breakdown,
        today: Day,
    ) -> Result<(AsOf, (Day, Day), Table), Problem> {
        self.refuse_periods(report.has_range())?;
        let filters = self.filters(None)?;
        let columns = narrow(&filters, report.columns())?;
        let days = if report.has_range() {
            let periods = self.periods(today, Grouping::Month, MAX_PERIODS)?;
            (periods.from, periods.to)
        } else {
            (today, today)
        };
        let reader = Reader::new(&state.ctx, report.has_range()).await?;
        let as_of = reader.as_of(report.sources()).await?;
        let table = report.load(&mut *reader.connection().await?, days, &filters, columns).await?;
        Ok((as_of, days, table))
    }
}

/// The columns that the filters narrow; 422 when there is none.
pub(super) fn narrow(filters: &ReportFilters, columns: &'static [Column]) -> Result<Vec<Column>, Problem> {
    let narrowed = filters.narrow(columns);
    narrowed.map_err(|error| Problem::unprocessable("reports.filter_unsupported", error.to_string()))
}

fn parse_status<T: FromStr<Err = UnknownVariant>>(status: &str) -> Result<T, Problem> {
    status.parse().map_err(|error: UnknownVariant| Problem::unprocessable("request.bad_query", error.to_string()))
}

/// Loads the rows of the periods, a part of them at once.
pub(super) async fn load(
    reader: &Reader,
    report: PeriodReport,
    periods: Periods,
    filters: &ReportFilters,
    columns: &[Column],
) -> Result<Table, Problem> {
    let mut table = Table::empty("period", columns.to_vec());
    for part in periods.parts() {
        let figures = report.load(&mut *reader.connection().await?, (part.from, part.to), filters).await?;
        let rows = by_period(part, columns.to_vec(), &figures).map_err(overflow)?;
        table.append(rows).map_err(overflow)?;
    }
    Ok(table)
}
