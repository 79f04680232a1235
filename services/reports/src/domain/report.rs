//! A report: one row a period, one column a figure, and the totals. Sums are exact.

use super::period::Periods;
use domain::{Day, Money, MoneyError};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Count,
    Rupees,
}

/// A figure of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub unit: Unit,
}

impl Column {
    pub const fn count(name: &'static str) -> Self {
        Self { name, unit: Unit::Count }
    }
    pub const fn rupees(name: &'static str) -> Self {
        Self { name, unit: Unit::Rupees }
    }
}

/// So much of a figure on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fact {
    pub day: Day,
    /// A column's name.
    pub figure: &'static str,
    /// How many, or paise.
    pub value: i64,
}

impl Fact {
    pub const fn count(day: Day, figure: &'static str, count: i64) -> Self {
        Self { day, figure, value: count }
    }
    pub const fn rupees(day: Day, figure: &'static str, amount: Money) -> Self {
        Self { day, figure, value: amount.paise() }
    }
}

/// A cell, in the unit of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Count(i64),
    Rupees(Money),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub periods: Periods,
    pub columns: &'static [Column],
    /// Every period of the range, also one in which nothing happened: its label and a cell a column.
    pub rows: Vec<(String, Vec<Cell>)>,
    pub totals: Vec<Cell>,
}

impl Report {
    /// Adds the facts up by period. A fact of a figure that is no column is left out.
    pub fn try_new(periods: Periods, columns: &'static [Column], facts: &[Fact]) -> Result<Self, MoneyError> {
        let mut sums: BTreeMap<(Option<Day>, &str), i64> = BTreeMap::new();
        for fact in facts {
            for of in [Some(periods.start_of(fact.day)), None] {
                let sum = sums.entry((of, fact.figure)).or_default();
                *sum = sum.checked_add(fact.value).ok_or(MoneyError::OutOfRange)?;
            }
        }
        let cells = |of: Option<Day>| {
            let sum = |column: &Column| sums.get(&(of, column.name)).copied().unwrap_or_default();
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

    fn week(facts: &[Fact]) -> Result<Report, MoneyError> {
        let day = |text: &str| Some(text.parse().expect("a day"));
        let today = "2026-11-10".parse().expect("a day");
        let periods = Periods::try_new(today, day("2026-11-02"), day("2026-11-09"), Grouping::Week).expect("a range");
        Report::try_new(periods, COLUMNS, facts)
    }

    #[test]
    fn figures_add_up_by_period_and_in_total() {
        let on = |text: &str| text.parse::<Day>().expect("a day");
        let facts = [
            Fact::count(on("2026-11-02"), "sales", 1),
            Fact::count(on("2026-11-08"), "sales", 2),
            Fact::count(on("2026-11-09"), "sales", 4),
            Fact::rupees(on("2026-11-08"), "revenue", Money::from_paise(1)),
            Fact::rupees(on("2026-11-08"), "revenue", Money::from_paise(-3)),
            Fact::count(on("2026-11-08"), "unheard_of", 9),
        ];
        let report = week(&facts).expect("sums");
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
        let facts = [Fact::rupees(day, "revenue", Money::MAX), Fact::rupees(day, "revenue", Money::from_paise(1))];
        assert_eq!(week(&facts), Err(MoneyError::OutOfRange));
    }
}
