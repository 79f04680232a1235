//! Report: one row per period, one column per figure, and exact totals.

use super::period::Periods;
use domain::{Day, Money, MoneyError};
use std::collections::BTreeMap;

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
}

impl Column {
    /// A column of counts.
    pub const fn count(name: &'static str) -> Self {
        Self { name, unit: Unit::Count }
    }
    /// A column of amounts.
    pub const fn rupees(name: &'static str) -> Self {
        Self { name, unit: Unit::Rupees }
    }
}

/// The value of one column on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyFigure {
    pub day: Day,
    /// Name of the column.
    pub column: &'static str,
    /// A count, or an amount in paise.
    pub value: i64,
}

impl DailyFigure {
    /// A count of a day.
    pub const fn count(day: Day, column: &'static str, count: i64) -> Self {
        Self { day, column, value: count }
    }
    /// An amount of a day.
    pub const fn rupees(day: Day, column: &'static str, amount: Money) -> Self {
        Self { day, column, value: amount.paise() }
    }
}

/// A cell, in the unit of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Count(i64),
    Rupees(Money),
}

/// A report with a cell per period and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub periods: Periods,
    pub columns: &'static [Column],
    /// Every period of the range, empty ones included: its label and one cell per column.
    pub rows: Vec<(String, Vec<Cell>)>,
    pub totals: Vec<Cell>,
}

impl Report {
    /// Sums the figures by period. Ignores figures of other columns. Errors when a sum overflows.
    pub fn try_new(periods: Periods, columns: &'static [Column], figures: &[DailyFigure]) -> Result<Self, MoneyError> {
        let mut sums: BTreeMap<(Option<Day>, &str), i64> = BTreeMap::new();
        for figure in figures {
            for period in [Some(periods.start_of(figure.day)), None] {
                let sum = sums.entry((period, figure.column)).or_default();
                *sum = sum.checked_add(figure.value).ok_or(MoneyError::OutOfRange)?;
            }
        }
        let cells = |period: Option<Day>| {
            let sum = |column: &Column| sums.get(&(period, column.name)).copied().unwrap_or_default();
            columns.iter().map(|column| cell(column.unit, sum(column))).collect::<Vec<_>>()
        };
        let rows = periods.starts().map(|start| (periods.label(start), cells(Some(start)))).collect();
        Ok(Self { periods, columns, rows, totals: cells(None) })
    }
}

fn cell(unit: Unit, value: i64) -> Cell {
    match unit {
        Unit::Count => Cell::Count(value),
        Unit::Rupees => Cell::Rupees(Money::from_paise(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::period::Grouping;

    const COLUMNS: &[Column] = &[Column::count("sales"), Column::rupees("revenue")];

    fn week(figures: &[DailyFigure]) -> Result<Report, MoneyError> {
        let day = |text: &str| Some(text.parse().expect("a day"));
        let today = "2026-11-10".parse().expect("a day");
        let periods = Periods::try_new(today, day("2026-11-02"), day("2026-11-09"), Grouping::Week).expect("a range");
        Report::try_new(periods, COLUMNS, figures)
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
    }

    #[test]
    fn a_sum_that_does_not_fit_is_refused() {
        let day = "2026-11-02".parse().expect("a day");
        let figures = [
            DailyFigure::rupees(day, "revenue", Money::MAX),
            DailyFigure::rupees(day, "revenue", Money::from_paise(1)),
        ];
        assert_eq!(week(&figures), Err(MoneyError::OutOfRange));
    }
}
