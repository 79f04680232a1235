//! The quarterly statement: deductions added up by PAN and section as they come, with control totals.

use domain::{Money, MoneyError};

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
    pan_index: Vec<u8>,
    /// To be opened for the file.
    pub pan_sealed: Vec<u8>,
    pub holder_name: String,
    pub section: String,
    pub count: i64,
    pub gross: Money,
    pub tds: Money,
}

impl Line {
    fn of(d: &Deduction<'_>) -> Self {
        Self {
            pan_index: d.pan_index.to_vec(),
            pan_sealed: Vec::new(),
            holder_name: String::new(),
            section: d.section.to_owned(),
            count: 0,
            gross: Money::ZERO,
            tds: Money::ZERO,
        }
    }
}

/// What all lines have to add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub deductees: usize,
    pub count: i64,
    pub gross: Money,
    pub tds: Money,
}

/// The line under way, and what came to an end before it. However long the statement is, no more is kept.
#[derive(Debug, Default)]
pub struct Statement {
    line: Option<Line>,
    totals: Totals,
}

impl Statement {
    /// Takes the next deduction, and gives the line that it ends.
    ///
    /// They come by PAN and section, and of each the oldest first, so that a line has the latest name of its PAN.
    pub fn add(&mut self, d: &Deduction<'_>) -> Result<Option<Line>, MoneyError> {
        let known = self.line.take();
        let same_pan = known.as_ref().is_some_and(|line| line.pan_index == d.pan_index);
        let (mut line, ended) = match known {
            Some(line) if same_pan && line.section == d.section => (line, None),
            ended => (Line::of(d), ended),
        };
        line.pan_sealed = d.pan_sealed.to_vec();
        line.holder_name = d.holder_name.to_owned();
        line.count += 1;
        line.gross = line.gross.add(d.gross)?;
        line.tds = line.tds.add(d.tds)?;
        self.line = Some(line);
        let totals = &mut self.totals;
        totals.deductees += usize::from(!same_pan);
        totals.count += 1;
        totals.gross = totals.gross.add(d.gross)?;
        totals.tds = totals.tds.add(d.tds)?;
        Ok(ended)
    }

    /// The last line, and the totals of all.
    pub fn finish(self) -> (Option<Line>, Totals) {
        (self.line, self.totals)
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
        let (mut statement, mut lines) = (Statement::default(), Vec::new());
        for d in [
            deduction(b"a", "Asha", "194H", 1_000, 50),
            deduction(b"a", "Asha Rao", "194H", -1_000, -50),
            deduction(b"a", "Asha Rao", "194R", 10, 1),
            deduction(b"b", "Bina", "194R", 100, 5),
        ] {
            lines.extend(statement.add(&d).expect("in range"));
        }
        let (last, totals) = statement.finish();
        lines.extend(last);
        let seen: Vec<_> =
            lines.iter().map(|l| (l.holder_name.as_str(), l.section.as_str(), l.count, l.gross, l.tds)).collect();
        let rupees = Money::from_rupees;
        assert_eq!(
            seen,
            [
                ("Asha Rao", "194H", 2, rupees(0), rupees(0)),
                ("Asha Rao", "194R", 1, rupees(10), rupees(1)),
                ("Bina", "194R", 1, rupees(100), rupees(5)),
            ]
        );
        assert_eq!(totals, Totals { deductees: 2, count: 4, gross: rupees(110), tds: rupees(6) });
        assert_eq!(Statement::default().finish(), (None, Totals::default()));
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
