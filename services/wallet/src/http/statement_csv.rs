//! A statement as CSV.

use super::statement::{Head, Line};
use domain::Money;

pub(super) struct StatementCsv(csv::Writer<Vec<u8>>);

impl StatementCsv {
    pub(super) fn new(head: &Head) -> Result<Self, csv::Error> {
        let mut csv = Self::more();
        csv.0.write_record(["date", "time", "value_date", "id", "type", "description", "amount", "balance"])?;
        csv.edge("Opening balance", head.opening)?;
        Ok(csv)
    }

    fn more() -> Self {
        Self(csv::Writer::from_writer(Vec::new()))
    }

    pub(super) fn line(&mut self, line: &Line) -> Result<(), csv::Error> {
        self.0.write_record([
            line.posted_at.day().to_string(),
            line.posted_at.to_string(),
            line.at.day().to_string(),
            line.id.to_string(),
            line.kind.map(|kind| kind.to_string()).unwrap_or_default(),
            as_text(&line.description),
            line.amount.to_string(),
            line.balance.to_string(),
        ])
    }

    /// The rows written since it was last asked.
    pub(super) fn take(&mut self) -> Result<Vec<u8>, csv::Error> {
        std::mem::replace(self, Self::more()).into_bytes()
    }

    pub(super) fn finish(mut self, closing: Money) -> Result<Vec<u8>, csv::Error> {
        self.edge("Closing balance", closing)?;
        self.into_bytes()
    }

    fn edge(&mut self, text: &str, balance: Money) -> Result<(), csv::Error> {
        self.0.write_record(["", "", "", "", "", text, "", &balance.to_string()])
    }

    fn into_bytes(self) -> Result<Vec<u8>, csv::Error> {
        self.0.into_inner().map_err(|e| e.into_error().into())
    }
}

/// A spreadsheet runs a cell that begins like a formula; a quote in front makes it text.
fn as_text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
