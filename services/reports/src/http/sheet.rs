//! Report formats: JSON, CSV and Excel workbook.

use crate::domain::period::Grouping;
use crate::domain::report::{Cell, Report};
use domain::{Day, Money};
use http_api::{Download, FileTypes, Json, JsonOrFile, Problem};
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

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ReportView {
    /// First day. The first and the last week or month count only their days within the range.
    from: Day,
    /// Last day, inclusive.
    to: Day,
    group_by: Grouping,
    /// Every period of the range in order, empty ones included.
    items: Vec<PeriodView>,
    totals: BTreeMap<&'static str, FigureView>,
    /// With `compare=previous`, the figures of the range of the same length before this one.
    previous: Option<PreviousView>,
}

/// The range of as many whole months, or else of as many days, that ends the day before a report begins.
#[derive(Debug, Serialize, JsonSchema)]
struct PreviousView {
    from: Day,
    to: Day,
    /// Every period of the range in order. Whole months may have more or fewer days than those of the report.
    items: Vec<PeriodView>,
    totals: BTreeMap<&'static str, FigureView>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PeriodView {
    /// A day, the Monday of a week, or a month as `2026-11`.
    period: String,
    #[serde(flatten)]
    figures: BTreeMap<&'static str, FigureView>,
}

impl ReportView {
    fn new(report: &Report, previous: Option<&Report>) -> Self {
        Self {
            from: report.periods.from,
            to: report.periods.to,
            group_by: report.periods.grouping,
            items: period_views(report),
            totals: named(report, &report.totals),
            previous: previous.map(|previous| PreviousView {
                from: previous.periods.from,
                to: previous.periods.to,
                items: period_views(previous),
                totals: named(previous, &previous.totals),
            }),
        }
    }
}

fn period_views(report: &Report) -> Vec<PeriodView> {
    let view =
        |(period, cells): &(String, Vec<Cell>)| PeriodView { period: period.clone(), figures: named(report, cells) };
    report.rows.iter().map(view).collect()
}

/// The cells by the names of their columns.
fn named(report: &Report, cells: &[Cell]) -> BTreeMap<&'static str, FigureView> {
    report.columns.iter().zip(cells).map(|(column, cell)| (column.name, FigureView::from(*cell))).collect()
}

/// Media type of an Excel workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Content types of a report that is a file.
pub(super) struct ReportFile;

impl FileTypes for ReportFile {
    const CONTENT_TYPES: &'static [&'static str] = &["text/csv", XLSX];
}

/// A report in the format that the request asks for.
pub(super) type ReportResponse = JsonOrFile<ReportView, ReportFile>;

/// Responds with the report and the one to compare it with.
pub(super) fn respond_json(report: &Report, previous: Option<&Report>) -> ReportResponse {
    JsonOrFile::Json(Json::new(ReportView::new(report, previous)))
}

/// Responds with the report as an attachment.
pub(super) fn respond_file(name: &str, report: &Report, format: FileFormat) -> Result<ReportResponse, Problem> {
    Ok(JsonOrFile::File(match format {
        FileFormat::Csv => attachment(name, report, ("csv", "text/csv; charset=utf-8"), csv(report)?),
        FileFormat::Xlsx => attachment(name, report, ("xlsx", XLSX), workbook(name, report)?),
    }))
}

fn attachment(
    name: &str,
    report: &Report,
    (extension, content_type): (&str, &str),
    body: Vec<u8>,
) -> Download<ReportFile> {
    let (from, to) = (report.periods.from, report.periods.to);
    let file = format!("{name}-{from}-{to}.{extension}");
    Download::attachment(content_type, &file, body)
}

/// Writes column names, period labels and numbers only. None comes from user input, so no cell can be a spreadsheet
/// formula.
fn csv(report: &Report) -> Result<Vec<u8>, Problem> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = report.columns.iter().map(|column| column.name);
    writer.write_record(std::iter::once("period").chain(names)).map_err(Problem::internal)?;
    let total = ("total".to_owned(), report.totals.clone());
    for (period, cells) in report.rows.iter().chain(std::iter::once(&total)) {
        let cells = cells.iter().map(|cell| match cell {
            Cell::Count(count) => count.to_string(),
            Cell::Rupees(amount) => amount.to_string(),
        });
        writer.write_record(std::iter::once(period.clone()).chain(cells)).map_err(Problem::internal)?;
    }
    writer.into_inner().map_err(|e| Problem::internal(e.into_error()))
}

/// Excel stores fifteen digits of a number.
const MAX_EXACT_PAISE: i64 = 999_999_999_999_999;

fn workbook(name: &str, report: &Report) -> Result<Vec<u8>, Problem> {
    let mut book = Workbook::new();
    // A fixed creation time makes equal reports equal files.
    book.set_properties(
        &DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1).map_err(Problem::internal)?),
    );
    fill_sheet(book.add_worksheet(), name, report).map_err(Problem::internal)?;
    book.save_to_buffer().map_err(Problem::internal)
}

fn fill_sheet(sheet: &mut Worksheet, name: &str, report: &Report) -> Result<(), XlsxError> {
    let (bold, rupees) = (Style::new().set_bold(), Style::new().set_num_format("#,##0.00"));
    sheet.set_name(name)?.set_freeze_panes(1, 1)?;
    sheet.write_with_format(0, 0, "period", &bold)?;
    for (at, column) in (1u16..).zip(report.columns) {
        sheet.write_with_format(0, at, column.name, &bold)?;
    }
    let total = ("total".to_owned(), report.totals.clone());
    for (row, (period, cells)) in (1u32..).zip(report.rows.iter().chain(std::iter::once(&total))) {
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
