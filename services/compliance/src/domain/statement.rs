//! The quarterly statement: deductions added up by PAN and section, with control totals.

use domain::{Money, MoneyError};
use std::collections::BTreeMap;

/// One deduction, or its reversal with negative amounts.
#[derive(Debug, Clone, Copy)]
pub struct Deduction<'a> {
    /// The blind index: equal for equal PANs.
    pub pan_index: &'a [u8],
    pub pan_sealed: &'a [u8],
    pub holder_name: &'a str,
    pub section: &'a str,
    pub gross: Money,
    pub tds: Money,
}

/// A deductee's sum under one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// To be opened for the file.
    pub pan_sealed: Vec<u8>,
    pub holder_name: String,
    pub section: String,
    pub count: i64,
    pub gross: Money,
    pub tds: Money,
}

/// What all lines have to add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub deductees: usize,
    pub count: i64,
    pub gross: Money,
    pub tds: Money,
}

#[derive(Debug, Default)]
pub struct Statement {
    lines: BTreeMap<(Vec<u8>, String), Line>,
}

impl Statement {
    pub fn new() -> Self {
        Self::default()
    }

    /// Given oldest first, so that a line has the latest name of its PAN.
    pub fn add(&mut self, d: &Deduction<'_>) -> Result<(), MoneyError> {
        let key = (d.pan_index.to_vec(), d.section.to_owned());
        let line = self.lines.entry(key).or_insert_with(|| Line {
            pan_sealed: Vec::new(),
            holder_name: String::new(),
            section: d.section.to_owned(),
            count: 0,
            gross: Money::ZERO,
            tds: Money::ZERO,
        });
        line.pan_sealed = d.pan_sealed.to_vec();
        line.holder_name = d.holder_name.to_owned();
        line.count += 1;
        line.gross = line.gross.add(d.gross)?;
        line.tds = line.tds.add(d.tds)?;
        Ok(())
    }

    pub fn totals(&self) -> Result<Totals, MoneyError> {
        let mut pans: Vec<&[u8]> = self.lines.keys().map(|(pan, _)| pan.as_slice()).collect();
        pans.dedup();
        Ok(Totals {
            deductees: pans.len(),
            count: self.lines.values().map(|l| l.count).sum(),
            gross: Money::total(self.lines.values().map(|l| l.gross))?,
            tds: Money::total(self.lines.values().map(|l| l.tds))?,
        })
    }

    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }
}

/// A cell that no spreadsheet takes for a formula.
pub fn safe_cell(text: &str) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n') => format!("'{text}"),
        Some(_) | None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deductions_add_up_by_pan_and_section() {
        let deduction = |pan, name, section, gross, tds| Deduction {
            pan_index: pan,
            pan_sealed: b"sealed",
            holder_name: name,
            section,
            gross: Money::from_rupees(gross),
            tds: Money::from_rupees(tds),
        };
        let mut statement = Statement::new();
        for d in [
            deduction(b"b", "Bina", "194H", 100, 5),
            deduction(b"a", "Asha", "194H", 1_000, 50),
            deduction(b"a", "Asha Rao", "194H", -1_000, -50),
            deduction(b"a", "Asha Rao", "194R", 10, 1),
        ] {
            statement.add(&d).expect("in range");
        }
        let seen: Vec<_> =
            statement.lines().map(|l| (l.holder_name.as_str(), l.section.as_str(), l.count, l.gross, l.tds)).collect();
        let rupees = Money::from_rupees;
        assert_eq!(
            seen,
            [
                ("Asha Rao", "194H", 2, rupees(0), rupees(0)),
                ("Asha Rao", "194R", 1, rupees(10), rupees(1)),
                ("Bina", "194H", 1, rupees(100), rupees(5)),
            ]
        );
        let totals = Totals { deductees: 2, count: 4, gross: rupees(110), tds: rupees(6) };
        assert_eq!(statement.totals(), Ok(totals));
        assert_eq!(Statement::new().totals(), Ok(Totals::default()));
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for text in ["=1+1", "+1", "-1", "@x", "\t=1", "\r", "\n="] {
            assert!(safe_cell(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(safe_cell("Asha = Rao"), "Asha = Rao");
        assert_eq!(safe_cell(""), "");
    }
}
