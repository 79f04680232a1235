//! Report: a table of figures with exact totals, by period or by another breakdown.

use super::period::Periods;
use domain::{Day, Money, MoneyError};
use std::collections::BTreeMap;

domain::text_enum! {
    /// Name of a filter.
    pub enum FilterName {
        Vehicle = "vehicle", Method = "method", Status = "status", City = "city", PlanVersion = "plan_version",
    }
}

/// Unit of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    Rupees,
}

/// A column of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub unit: Unit,
    /// Filters that its facts have a value for.
    pub filters: &'static [FilterName],
}

impl Column {
    /// A column of counts.
    pub const fn count(name: &'static str) -> Self {
        Self { name, unit: Unit::Count, filters: &[] }
    }
    /// A column of amounts.
    pub const fn rupees(name: &'static str) -> Self {
        Self { name, unit: Unit::Rupees, filters: &[] }
    }
    /// The column with these filters.
    #[must_use]
    pub const fn filtered_by(self, filters: &'static [FilterName]) -> Self {
        Self { filters, ..self }
    }
}

/// The value of one column in one row, or a part of it. `row` is a day, or the name of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure<R> {
    pub row: R,
    /// Name of the column.
    pub column: &'static str,
    /// A count, or an amount in paise.
    pub value: i64,
}

impl<R> Figure<R> {
    /// A count.
    pub const fn count(row: R, column: &'static str, count: i64) -> Self {
        Self { row, column, value: count }
    }
    /// An amount.
    pub const fn rupees(row: R, column: &'static str, amount: Money) -> Self {
        Self { row, column, value: amount.paise() }
    }
}

/// The value of one column on one day.
pub type DailyFigure = Figure<Day>;

/// A cell, in the unit of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Count(i64),
    Rupees(Money),
}

impl Cell {
    fn new(unit: Unit, value: i64) -> Self {
        match unit {
            Unit::Count => Self::Count(value),
            Unit::Rupees => Self::Rupees(Money::from_paise(value)),
        }
    }

    /// The count, or the paise.
    pub const fn value(self) -> i64 {
        match self {
            Self::Count(count) => count,
            Self::Rupees(amount) => amount.paise(),
        }
    }
}

/// Rows with a name and one cell a column, and their totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What the names of the rows are.
    pub key: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<(String, Vec<Cell>)>,
    pub totals: Vec<Cell>,
}

impl Table {
    /// A table without rows.
    pub fn empty(key: &'static str, columns: Vec<Column>) -> Self {
        let totals = columns.iter().map(|column| Cell::new(column.unit, 0)).collect();
        Self { key, columns, rows: Vec::new(), totals }
    }

    /// Sums the figures by row; `names` are the rows in order, empty ones included. Ignores figures of other columns.
    /// Errors when a sum overflows.
    pub fn try_new<R: Ord>(
        key: &'static str,
        columns: Vec<Column>,
        rows: impl IntoIterator<Item = (R, String)>,
        figures: impl IntoIterator<Item = Figure<R>>,
    ) -> Result<Self, MoneyError> {
        let mut sums: BTreeMap<(R, &str), i64> = BTreeMap::new();
        for figure in figures {
            add_to(sums.entry((figure.row, figure.column)).or_default(), figure.value)?;
        }
        let mut table = Self::empty(key, columns);
        for (row, name) in rows {
            let mut cells = Vec::with_capacity(table.columns.len());
            let mut at = (row, "");
            for column in &table.columns {
                at.1 = column.name;
                cells.push(Cell::new(column.unit, sums.get(&at).copied().unwrap_or_default()));
            }
            table.push(name, cells)?;
        }
        Ok(table)
    }

    /// Adds the rows of `next`, which has the same columns, and their totals. Errors when a sum overflows.
    pub fn append(&mut self, next: Self) -> Result<(), MoneyError> {
        next.rows.into_iter().try_for_each(|(name, cells)| self.push(name, cells))
    }

    /// Adds the totals of `next`, which has the same columns, and none of its rows. Errors when a sum overflows.
    pub fn add_totals(&mut self, next: &Self) -> Result<(), MoneyError> {
        add_cells(&mut self.totals, &next.totals)
    }

    fn push(&mut self, name: String, cells: Vec<Cell>) -> Result<(), MoneyError> {
        add_cells(&mut self.totals, &cells)?;
        self.rows.push((name, cells));
        Ok(())
    }
}

fn add_cells(sums: &mut [Cell], cells: &[Cell]) -> Result<(), MoneyError> {
    for (sum, cell) in sums.iter_mut().zip(cells) {
        match sum {
            Cell::Count(count) => add_to(count, cell.value())?,
            Cell::Rupees(amount) => *amount = amount.add(Money::from_paise(cell.value()))?,
        }
    }
    Ok(())
}

fn add_to(sum: &mut i64, value: i64) -> Result<(), MoneyError> {
    *sum = sum.checked_add(value).ok_or(MoneyError::OutOfRange)?;
    Ok(())
}

/// A row for every period of the range, empty ones included.
pub fn by_period(periods: Periods, columns: Vec<Column>, figures: &[DailyFigure]) -> Result<Table, MoneyError> {
    let rows = periods.starts().map(|start| (start, periods.label(start)));
    let of_period = |figure: &DailyFigure| DailyFigure { row: periods.start_of(figure.row), ..*figure };
    Table::try_new("period", columns, rows, figures.iter().map(of_period))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::period::{Grouping, MAX_PERIODS};

    const COLUMNS: &[Column] = &[Column::count("sales"), Column::rupees("revenue")];

    fn week(figures: &[DailyFigure]) -> Result<Table, MoneyError> {
        let day = |text: &str| Some(text.parse().expect("a day"));
        let today = "2026-11-10".parse().expect("a day");
        let days = (day("2026-11-02"), day("2026-11-09"));
        let periods = Periods::try_new(today, days, Grouping::Week, MAX_PERIODS).expect("a range");
        by_period(periods, COLUMNS.to_vec(), figures)
    }

    #[test]
    fn figures_add_up_by_period_and_in_total() {
        let on = |text: &str| text.parse::<Day>().expect("a day");
        let figures = [
            DailyFigure::count(on("2026-11-02"), "sales", 1),
            DailyFigure::count(on("2026-11-08"), "sales", 2),
            DailyFigure::count(on("2026-11-09"), "sales", 4),
            DailyFigure::rupees(on("2026-11-08"), "revenue", Money::from_paise(1)),
            DailyFigure::rupees(on("2026-11-08"), "revenue", Money::from_paise(-3)),
            DailyFigure::count(on("2026-11-08"), "unknown", 9),
        ];
        let report = week(&figures).expect("sums");
        let none = Money::ZERO;
        let expected = [
            ("2026-11-02".to_owned(), vec![Cell::Count(3), Cell::Rupees(Money::from_paise(-2))]),
            ("2026-11-09".to_owned(), vec![Cell::Count(4), Cell::Rupees(none)]),
        ];
        assert_eq!(report.rows, expected);
        assert_eq!(report.totals, [Cell::Count(7), Cell::Rupees(Money::from_paise(-2))]);
        let (mut rows, mut totals) = (Table::empty("period", COLUMNS.to_vec()), report.clone());
        rows.append(report.clone()).expect("sums");
        assert_eq!(rows, report);
        totals.add_totals(&report).expect("sums");
        assert_eq!((totals.rows.len(), totals.totals.first()), (2, Some(&Cell::Count(14))));
    }

    #[test]
    fn a_sum_that_does_not_fit_is_refused() {
        let on = |text: &str| text.parse::<Day>().expect("a day");
        let max = DailyFigure::rupees(on("2026-11-02"), "revenue", Money::MAX);
        for day in ["2026-11-02", "2026-11-09"] {
            let more = DailyFigure::rupees(on(day), "revenue", Money::from_paise(1));
            assert_eq!(week(&[max, more]), Err(MoneyError::OutOfRange), "{day}");
        }
    }
}
