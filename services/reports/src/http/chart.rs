//! Charts of reports as SVG: one figure, a bar for each row.
//!
//! The file has no script and no font. Its colours follow the colour scheme of the reader, and a title and a
//! description say in words what it shows.

use super::catalogue::{Breakdown, PeriodReport};
use super::request::{ReportFilter, load, narrow};
use super::source::{AsOf, Reader};
use crate::ReportsState;
use crate::domain::period::{Grouping, MAX_PERIODS};
use crate::domain::report::{Cell, Column, Table, Unit};
use actix_web::web;
use domain::Money;
use http_api::{Download, FileTypes, Path, Problem, Query, operation};
use plotters::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write;

/// Width and height.
const SIZE_PX: (u32, u32) = (960, 400);
/// Labels below the bars; of more rows, only some have one.
const MAX_LABELS: usize = 8;
/// Distance between the middles of two bars in the units of the axis, and half the width of a bar.
const BAR_UNITS: i64 = 100;
const HALF_BAR_UNITS: i64 = 38;

// What the chart is drawn with; the style sheet maps them to the colours of each scheme.
const INK: RGBColor = RGBColor(0x33, 0x33, 0x34);
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xde);
const BAR: RGBColor = RGBColor(0x1f, 0x5f, 0xbf);

/// Colours of the light and of the dark scheme.
const STYLE: &str = "<style>\
svg{background:#fff}text{fill:#1b1b1f}[fill=\"#333334\"]{fill:#1b1b1f}[stroke=\"#333334\"]{stroke:#5c5c66}\
[stroke=\"#DDDDDE\"]{stroke:#dcdce4}[fill=\"#1F5FBF\"]{fill:#1f5fbf}\
@media(prefers-color-scheme:dark){svg{background:#16161a}text,[fill=\"#333334\"]{fill:#ececf1}\
[stroke=\"#333334\"]{stroke:#a0a0ad}[stroke=\"#DDDDDE\"]{stroke:#3a3a44}[fill=\"#1F5FBF\"]{fill:#7fb0ff}}</style>";

/// Content type of a chart.
pub(super) struct Svg;

impl FileTypes for Svg {
    const CONTENT_TYPES: &'static [&'static str] = &["image/svg+xml"];
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ChartFilter {
    /// Name of the column; the first one of the report by default.
    figure: Option<String>,
}

/// A chart of one figure of a report.
///
/// The name is that of the report: `sales`, `users`, `wallet`, `payouts`, `binary`, `cohorts`, `generations`,
/// `emi-ageing` or `payout-ageing`. Range and filters are those of the report; `format` and `compare` are ignored.
///
/// 404 for another name; 422 `reports.figure_unknown` for a figure that the report does not have, otherwise as the
/// report.
#[operation]
pub(super) async fn get(
    state: web::Data<ReportsState>,
    Path(name): Path<String>,
    Query(chart): Query<ChartFilter>,
    Query(filter): Query<ReportFilter>,
) -> Result<Download<Svg>, Problem> {
    let today = state.ctx.now().day();
    let (as_of, table, range) = if let Ok(report) = name.parse::<PeriodReport>() {
        let grouping = if report == PeriodReport::Cohorts { Grouping::Month } else { Grouping::Day };
        let periods = filter.periods(today, grouping, MAX_PERIODS)?;
        let filters = filter.filters(Some(report))?;
        let columns = narrow(&filters, report.columns())?;
        let reader = Reader::new(&state.ctx, report.reads_facts(&filters)).await?;
        let as_of = reader.as_of(report.sources()).await?;
        let table = load(&reader, report, periods, &filters, &columns).await?;
        (as_of, table, format!("{} to {}", periods.from, periods.to))
    } else {
        let report: Breakdown = name.parse().map_err(|_| Problem::not_found())?;
        let (as_of, (from, to), table) = filter.load_breakdown(&state, report, today).await?;
        (as_of, table, if report.has_range() { format!("{from} to {to}") } else { today.to_string() })
    };
    let (at, column) = find_column(&table, chart.figure.as_deref())?;
    let title = format!("{name}: {}, {range}", column.name);
    let svg = draw(&title, &table, at, column, &as_of)?;
    Ok(Download::inline("image/svg+xml", &format!("{name}.svg"), svg.into_bytes()).isolated())
}

fn find_column(table: &Table, figure: Option<&str>) -> Result<(usize, Column), Problem> {
    let mut columns = table.columns.iter().copied().enumerate();
    let found = columns.find(|(_, column)| figure.is_none_or(|figure| figure == column.name));
    found.ok_or_else(|| {
        let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
        let detail = format!("the report with these filters has the figures {}", names.join(", "));
        Problem::unprocessable("reports.figure_unknown", detail)
    })
}

/// Draws the column `at` of the table.
fn draw(title: &str, table: &Table, at: usize, column: Column, as_of: &AsOf) -> Result<String, Problem> {
    let bars: Vec<(&str, Cell)> =
        table.rows.iter().filter_map(|(name, cells)| Some((name.as_str(), *cells.get(at)?))).collect();
    let mut drawn = String::new();
    plot(&mut drawn, title, &bars, column.unit).map_err(|e| Problem::internal(e.to_string()))?;
    let (head, body) = drawn.split_once('>').ok_or_else(|| Problem::internal("a chart without an element"))?;
    let description = describe(table, at, &bars, as_of)?;
    let (title, description) = (escape(title), escape(&description));
    Ok(format!(
        "{head} role=\"img\" aria-labelledby=\"title desc\" font-family=\"system-ui, sans-serif\">\
         <title id=\"title\">{title}</title><desc id=\"desc\">{description}</desc>{STYLE}{body}"
    ))
}

fn plot(drawn: &mut String, title: &str, bars: &[(&str, Cell)], unit: Unit) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(drawn, SIZE_PX).into_drawing_area();
    let values = || bars.iter().map(|(_, cell)| cell.value());
    let top = values().max().unwrap_or_default().max(0);
    let bottom = values().min().unwrap_or_default().min(0);
    // Room above the highest bar; an axis needs some length.
    let top = top.saturating_add(top / 10).max(if unit == Unit::Rupees { 100 } else { 1 });
    let end = i64::try_from(bars.len().max(1))? * BAR_UNITS - BAR_UNITS / 2;
    let mut chart = ChartBuilder::on(&root)
        .margin(16)
        .margin_right(48)
        .caption(title, ("sans-serif", 17).into_font().color(&INK))
        .x_label_area_size(36)
        .y_label_area_size(96)
        .build_cartesian_2d(-BAR_UNITS / 2..end, bottom..top)?;
    let label = |x: &i64| {
        let row = usize::try_from(x / BAR_UNITS).ok();
        row.and_then(|row| bars.get(row)).map_or_else(String::new, |(name, _)| (*name).to_owned())
    };
    let amount = |value: &i64| match unit {
        Unit::Count => value.to_string(),
        Unit::Rupees => Money::from_paise(*value).to_string(),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .label_style(("sans-serif", 13).into_font().color(&INK))
        .x_labels(bars.len().clamp(1, MAX_LABELS))
        .y_labels(6)
        .x_label_formatter(&label)
        .y_label_formatter(&amount)
        .draw()?;
    chart.draw_series((0..).zip(bars).map(|(row, (_, cell))| {
        let (left, right) = (row * BAR_UNITS - HALF_BAR_UNITS, row * BAR_UNITS + HALF_BAR_UNITS);
        Rectangle::new([(left, 0), (right, cell.value())], BAR.filled())
    }))?;
    root.present()?;
    Ok(())
}

/// What the chart shows, in words: the total, the largest row, and how far the events are applied.
fn describe(table: &Table, at: usize, bars: &[(&str, Cell)], as_of: &AsOf) -> Result<String, Problem> {
    let mut text = format!("{} bars by {}.", bars.len(), table.key);
    let total = table.totals.get(at).copied().map(text_of).unwrap_or_default();
    let mut add = |sentence: String| text.write_str(&sentence).map_err(Problem::internal);
    add(format!(" Total {total}."))?;
    if let Some((name, cell)) = bars.iter().max_by_key(|(_, cell)| cell.value()) {
        add(format!(" Highest: {} ({name}).", text_of(*cell)))?;
    }
    if let Some(at) = as_of.as_of {
        add(format!(" As of {at}."))?;
    }
    Ok(text)
}

fn text_of(cell: Cell) -> String {
    match cell {
        Cell::Count(count) => count.to_string(),
        Cell::Rupees(amount) => format!("₹{amount}"),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
