//! Report formats: JSON, CSV and Excel workbook.

use super::overflow;
use super::source::AsOf;
use crate::domain::period::{Grouping, Periods};
use crate::domain::report::{Cell, Table};
use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use domain::{Day, Money};
use http_api::{Download, FileTypes, JsonOrFile, Problem, download};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format as Style, Workbook, Worksheet, XlsxError};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

domain::text_enum! {
    /// Format of a report.
    pub(super) enum Format { Json = "json", Csv = "csv", Xlsx = "xlsx" }
}

/// Format of a report that is a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileFormat {
    Csv,
    Xlsx,
}

impl Format {
    /// The format of the file; `None` for JSON.
    pub(super) const fn file(self) -> Option<FileFormat> {
        match self {
            Self::Json => None,
            Self::Csv => Some(FileFormat::Csv),
            Self::Xlsx => Some(FileFormat::Xlsx),
        }
    }
}

/// A count as a number, or an amount as a decimal string in rupees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum FigureView {
    Count(i64),
    Amount(Money),
}

impl From<Cell> for FigureView {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Count(count) => Self::Count(count),
            Cell::Rupees(amount) => Self::Amount(amount),
        }
    }
}

type Figures = BTreeMap<&'static str, FigureView>;

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PeriodView {
    #[serde(flatten)]
    as_of: AsOf,
    /// First day. The first and the last week or month count only their days within the range.
    from: Day,
    /// Last day, inclusive.
    to: Day,
    group_by: Grouping,
    /// Every period of the range in order, empty ones included.
    items: Vec<PeriodRowView>,
    totals: Figures,
    /// With `compare=previous`, the figures of the range of the same length before this one.
    previous: Option<PreviousView>,
}

/// The range of as many whole months, or else of as many days, that ends the day before a report begins.
#[derive(Debug, Serialize, JsonSchema)]
struct PreviousView {
    from: Day,
    to: Day,
    /// Every period of the range in order. Whole months may have more or fewer days than those of the report.
    items: Vec<PeriodRowView>,
    totals: Figures,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PeriodRowView {
    /// A day, the Monday of a week, or a month as `2026-11`.
    period: String,
    #[serde(flatten)]
    figures: Figures,
}

impl PeriodView {
    pub(super) fn new(as_of: AsOf, periods: Periods, table: &Table, previous: Option<(Periods, Table)>) -> Self {
        Self {
            as_of,
            from: periods.from,
            to: periods.to,
            group_by: periods.grouping,
            items: period_rows(table),
            totals: named(table, &table.totals),
            previous: previous.map(|(periods, table)| PreviousView {
                from: periods.from,
                to: periods.to,
                items: period_rows(&table),
                totals: named(&table, &table.totals),
            }),
        }
    }
}

fn period_rows(table: &Table) -> Vec<PeriodRowView> {
    let row =
        |(period, cells): &(String, Vec<Cell>)| PeriodRowView { period: period.clone(), figures: named(table, cells) };
    table.rows.iter().map(row).collect()
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BreakdownView {
    #[serde(flatten)]
    as_of: AsOf,
    /// First day of the range; null for a report of today.
    from: Option<Day>,
    /// Last day of the range, inclusive; null for a report of today.
    to: Option<Day>,
    /// Every row in order, empty ones included.
    items: Vec<BreakdownRowView>,
    totals: Figures,
}

#[derive(Debug, Serialize, JsonSchema)]
struct BreakdownRowView {
    /// A generation (`1` to `20`, `21+`, `unknown`), or an age in days (`not_due`, `1-30`).
    group: String,
    #[serde(flatten)]
    figures: Figures,
}

impl BreakdownView {
    pub(super) fn new(as_of: AsOf, range: Option<(Day, Day)>, table: &Table) -> Self {
        let row = |(group, cells): &(String, Vec<Cell>)| BreakdownRowView {
            group: group.clone(),
            figures: named(table, cells),
        };
        Self {
            as_of,
            from: range.map(|(from, _)| from),
            to: range.map(|(_, to)| to),
            items: table.rows.iter().map(row).collect(),
            totals: named(table, &table.totals),
        }
    }
}

/// The cells by the names of their columns.
fn named(table: &Table, cells: &[Cell]) -> Figures {
    table.columns.iter().zip(cells).map(|(column, cell)| (column.name, FigureView::from(*cell))).collect()
}

/// Media type of an Excel workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Content types of a report that is a file.
pub(super) struct ReportFile;

impl FileTypes for ReportFile {
    const CONTENT_TYPES: &'static [&'static str] = &["text/csv", XLSX];
}

/// A report by period in the format that the request asks for.
pub(super) type PeriodResponse = JsonOrFile<PeriodView, ReportFile>;
/// Another report in the format that the request asks for.
pub(super) type BreakdownResponse = JsonOrFile<BreakdownView, ReportFile>;

/// Header of a file: how far the events are applied that its figures come from.
const AS_OF_HEADER: HeaderName = HeaderName::from_static("x-as-of");

/// Adds how far the events are applied.
fn with_as_of(mut response: HttpResponse, as_of: &AsOf) -> Download<ReportFile> {
    if let Some(value) = as_of.as_of.and_then(|at| HeaderValue::from_str(&at.to_string()).ok()) {
        response.headers_mut().insert(AS_OF_HEADER, value);
    }
    Download::new(response)
}

/// Responds with a workbook as an attachment.
pub(super) fn respond_file(
    name: &str,
    sheet: &str,
    as_of: &AsOf,
    table: &Table,
) -> Result<Download<ReportFile>, Problem> {
    let mut response = HttpResponse::Ok();
    response.content_type(XLSX);
    response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.xlsx\"")));
    response.insert_header((header::CACHE_CONTROL, "private, no-store"));
    Ok(with_as_of(response.body(workbook(sheet, table)?), as_of))
}

/// Responds with a CSV file, whose rows `next` loads a part at a time, and which is sent while they are loaded.
pub(super) async fn csv_download(
    name: &str,
    as_of: &AsOf,
    mut totals: Table,
    mut next: impl AsyncFnMut() -> Result<Option<Table>, Problem> + 'static,
) -> Result<Download<ReportFile>, Problem> {
    let file = format!("{name}.csv");
    let response = download("text/csv; charset=utf-8", &file, async move |out| {
        let names = totals.columns.iter().map(|column| column.name.to_owned());
        out.send(csv_lines(std::iter::once(std::iter::once(totals.key.to_owned()).chain(names)))?).await?;
        while let Some(part) = next().await? {
            out.send(csv_lines(part.rows.iter().map(|(name, cells)| csv_row(name, cells)))?).await?;
            totals.add_totals(&part).map_err(overflow)?;
        }
        out.send(csv_lines(std::iter::once(csv_row("total", &totals.totals)))?).await
    });
    Ok(with_as_of(response.await?, as_of))
}

fn csv_row(name: &str, cells: &[Cell]) -> impl Iterator<Item = String> {
    let cells = cells.iter().map(|cell| match cell {
        Cell::Count(count) => count.to_string(),
        Cell::Rupees(amount) => amount.to_string(),
    });
    std::iter::once(name.to_owned()).chain(cells)
}

/// Writes column names, names of rows and numbers only. None comes from user input, so no cell can be a spreadsheet
/// formula.
fn csv_lines<R: IntoIterator<Item = String>>(rows: impl Iterator<Item = R>) -> Result<Vec<u8>, Problem> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(Problem::internal)?;
    }
    writer.into_inner().map_err(|e| Problem::internal(e.into_error()))
}

/// Excel stores fifteen digits of a number.
const MAX_EXACT_PAISE: i64 = 999_999_999_999_999;

fn workbook(name: &str, table: &Table) -> Result<Vec<u8>, Problem> {
    let mut book = Workbook::new();
    // A fixed creation time makes equal reports equal files.
    book.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1).map_err(Problem::internal)?),
    );
    fill_sheet(book.add_worksheet(), name, table).map_err(Problem::internal)?;
    book.save_to_buffer().map_err(Problem::internal)
}

fn fill_sheet(sheet: &mut Worksheet, name: &str, table: &Table) -> Result<(), XlsxError> {
    let (bold, rupees) = (Style::new().set_bold(), Style::new().set_num_format("#,##0.00"));
    sheet.set_name(name)?.set_freeze_panes(1, 1)?;
    sheet.write_with_format(0, 0, table.key, &bold)?;
    for (at, column) in (1u16..).zip(&table.columns) {
        sheet.write_with_format(0, at, column.name, &bold)?;
    }
    let total = ("total".to_owned(), table.totals.clone());
    for (row, (period, cells)) in (1u32..).zip(table.rows.iter().chain(std::iter::once(&total))) {
        sheet.write_string(row, 0, period)?;
        for (at, cell) in (1u16..).zip(cells) {
            write_cell(sheet, (row, at), *cell, &rupees)?;
        }
    }
    sheet.autofit();
    Ok(())
}

/// Writes a number while Excel stores it exactly, text otherwise.
fn write_cell(sheet: &mut Worksheet, (row, column): (u32, u16), cell: Cell, rupees: &Style) -> Result<(), XlsxError> {
    let (text, exact) = match cell {
        Cell::Count(count) => (count.to_string(), count.unsigned_abs() <= MAX_EXACT_PAISE.unsigned_abs()),
        Cell::Rupees(amount) => (amount.to_string(), amount.paise().unsigned_abs() <= MAX_EXACT_PAISE.unsigned_abs()),
    };
    match (text.parse::<f64>(), cell) {
        (Ok(number), Cell::Count(_)) if exact => sheet.write_number(row, column, number)?,
        (Ok(number), Cell::Rupees(_)) if exact => sheet.write_number_with_format(row, column, number, rupees)?,
        _ => sheet.write_string(row, column, text)?,
    };
    Ok(())
}
