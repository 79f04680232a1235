//! Quarterly TDS statement: a streaming sum of deductions by PAN and section, with control totals.

use domain::{Money, MoneyError};

/// One deduction, or its reversal with negative amounts.
#[derive(Debug, Clone, Copy)]
pub struct Deduction<'a> {
    /// Blind index: equal for equal PANs.
    pub pan_index: &'a [u8],
    pub pan_sealed: &'a [u8],
    pub holder_name: &'a str,
    pub section: &'a str,
    pub gross: Money,
    pub tds: Money,
}

/// The sum of one PAN's deductions under one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    pan_index: Vec<u8>,
    /// The latest sealed PAN; the writer of the statement unseals it.
    pub pan_sealed: Vec<u8>,
    pub holder_name: String,
    pub section: String,
    pub count: i64,
    pub gross: Money,
    pub tds: Money,
}

impl StatementLine {
    fn empty(d: &Deduction<'_>) -> Self {
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

/// Sums over all lines of a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ControlTotals {
    /// Distinct PANs.
    pub deductees: usize,
    pub count: i64,
    pub gross: Money,
    pub tds: Money,
}

/// The current line and the totals so far. Memory use does not grow with the statement.
#[derive(Debug, Default)]
pub struct Statement {
    line: Option<StatementLine>,
    totals: ControlTotals,
}

impl Statement {
    /// Adds a deduction and returns the previous line when this deduction starts a new one.
    ///
    /// Deductions must be ordered by PAN index, section and age, oldest first: a line shows the latest name of its PAN.
    /// Errors when a sum overflows.
    pub fn add(&mut self, d: &Deduction<'_>) -> Result<Option<StatementLine>, MoneyError> {
        let current = self.line.take();
        let same_pan = current.as_ref().is_some_and(|line| line.pan_index == d.pan_index);
        let (mut line, finished) = match current {
            Some(line) if same_pan && line.section == d.section => (line, None),
            finished => (StatementLine::empty(d), finished),
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
        Ok(finished)
    }

    /// Returns the last line and the totals of all lines.
    pub fn finish(self) -> (Option<StatementLine>, ControlTotals) {
        (self.line, self.totals)
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
        let sums: Vec<_> =
            lines.iter().map(|l| (l.holder_name.as_str(), l.section.as_str(), l.count, l.gross, l.tds)).collect();
        let rupees = Money::from_rupees;
        assert_eq!(
            sums,
            [
                ("Asha Rao", "194H", 2, rupees(0), rupees(0)),
                ("Asha Rao", "194R", 1, rupees(10), rupees(1)),
                ("Bina", "194R", 1, rupees(100), rupees(5)),
            ]
        );
        assert_eq!(totals, ControlTotals { deductees: 2, count: 4, gross: rupees(110), tds: rupees(6) });
        assert_eq!(Statement::default().finish(), (None, ControlTotals::default()));
    }
}
