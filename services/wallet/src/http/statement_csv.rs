//! Statement as a CSV file.

use super::statement_content::{StatementHeader, StatementRow};
use domain::Money;
use http_api::csv_cell;

/// A statement whose rows are written as they come.
pub(super) struct StatementCsv(csv::Writer<Vec<u8>>);

impl StatementCsv {
    /// Begins with the column names and the opening balance.
    pub(super) fn new(header: &StatementHeader) -> Result<Self, csv::Error> {
        let mut csv = Self::empty();
        csv.0.write_record(["date", "time", "value_date", "id", "type", "description", "amount", "balance"])?;
        csv.balance_row("Opening balance", header.opening)?;
        Ok(csv)
    }

    fn empty() -> Self {
        Self(csv::Writer::from_writer(Vec::new()))
    }

    /// Adds a row.
    pub(super) fn row(&mut self, row: &StatementRow) -> Result<(), csv::Error> {
        self.0.write_record([
            row.posted_at.day().to_string(),
            row.posted_at.to_string(),
            row.at.day().to_string(),
            row.id.to_string(),
            row.kind.map(|kind| kind.to_string()).unwrap_or_default(),
            csv_cell(&row.description),
            row.amount.to_string(),
            row.balance.to_string(),
        ])
    }

    /// Takes the bytes written since the last call.
    pub(super) fn take_bytes(&mut self) -> Result<Vec<u8>, csv::Error> {
        std::mem::replace(self, Self::empty()).into_bytes()
    }

    /// Adds the closing balance and returns the remaining bytes.
    pub(super) fn finish(mut self, closing: Money) -> Result<Vec<u8>, csv::Error> {
        self.balance_row("Closing balance", closing)?;
        self.into_bytes()
    }

    fn balance_row(&mut self, text: &str, balance: Money) -> Result<(), csv::Error> {
        self.0.write_record(["", "", "", "", "", text, "", &balance.to_string()])
    }

    fn into_bytes(self) -> Result<Vec<u8>, csv::Error> {
        self.0.into_inner().map_err(|e| e.into_error().into())
    }
}
