//! Quarterly TDS statement for the tax authority: as CSV, or as the government's text file. It unseals PANs; the audit
//! log records each download.
//!
//! Records are read and sent page by page, ordered by the blind index of the PAN: the database cannot order by sealed
//! PANs.

use super::return_file;
use super::statement_access::{record_download, unseal_pan};
use crate::ComplianceState;
use crate::domain::return_file::{NO_PAN, Period};
use crate::domain::statement::{ControlTotals, Deduction, Statement, StatementLine};
use crate::store::tds_records::{self, TdsRecord};
use actix_web::web;
use db::LongRead;
use domain::{FinancialYear, Quarter};
use http_api::{
    BodySender, Caller, Download, FileTypes, Path, Problem, Query, csv_cell, download, long_read, operation,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Records in memory at a time.
const PAGE_RECORDS: i64 = 500;

/// Content type of a statement.
pub(super) struct StatementFile;

impl FileTypes for StatementFile {
    const CONTENT_TYPES: &'static [&'static str] = &["text/csv", "text/plain"];
}

domain::text_enum! {
    /// Format of a statement.
    pub(super) enum StatementFormat {
        /// A line a PAN and section, and control totals.
        Csv = "csv",
        /// The government's text file with a record a challan and deduction, for its validating utility.
        Txt = "txt",
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct StatementFilter {
    /// `csv` by default.
    format: Option<StatementFormat>,
}

/// A quarter's deductions: by PAN as CSV with control totals, or as the government's text file with challans.
///
/// Every download is recorded in the audit log. 404 for a path that is no year and quarter, 429 while other long reads
/// run. The text file is refused with 409: `compliance.tax_not_deposited` names deductions without a challan, and
/// `compliance.deductor_incomplete`, `compliance.section_code_missing` and `compliance.no_deductions` what else is
/// missing.
#[operation]
pub(super) async fn get(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path((year, quarter)): Path<(FinancialYear, Quarter)>,
    Query(filter): Query<StatementFilter>,
) -> Result<Download<StatementFile>, Problem> {
    let long_read = long_read(state.ctx.db(), Duration::ZERO).await?;
    if filter.format == Some(StatementFormat::Txt) {
        let period = Period { year, quarter };
        let name = format!("tds-{}-{year}-{quarter}.txt", period.form());
        let produce = async move |out| return_file::send(&state, &caller, &long_read, period, &out).await;
        return Ok(Download::new(download("text/plain; charset=us-ascii", &name, produce).await?));
    }
    let name = format!("tds-{year}-{quarter}.csv");
    let produce = async move |out| send(&state, &caller, &long_read, (year, quarter), &out).await;
    Ok(Download::new(download("text/csv; charset=utf-8", &name, produce).await?))
}

async fn send(
    state: &ComplianceState,
    caller: &Caller,
    long_read: &LongRead,
    quarter: (FinancialYear, Quarter),
    out: &BodySender,
) -> Result<(), Problem> {
    let mut statement = Statement::default();
    let mut chunk = CsvChunk::new(state);
    chunk.write(["pan", "name", "section", "deductions", "gross", "tds"].map(str::to_owned))?;
    let mut after: Option<TdsRecord> = None;
    loop {
        let mut c = long_read.connection().await?;
        let mut page = tds_records::list_for_quarter(&mut c, quarter, after.as_ref(), PAGE_RECORDS).await?;
        drop(c);
        let is_last = i64::try_from(page.len()) != Ok(PAGE_RECORDS);
        for record in &page {
            if let Some(line) = statement.add(&deduction(record)).map_err(Problem::internal)? {
                chunk.write_line(&line)?;
            }
        }
        if is_last {
            let (line, totals) = std::mem::take(&mut statement).finish();
            line.map_or(Ok(()), |line| chunk.write_line(&line))?;
            chunk.write_totals(&totals)?;
        }
        if after.is_none() {
            // Recorded before the first PAN is sent.
            record_download(state, caller, quarter, "csv").await?;
        }
        out.send(chunk.take_bytes()?).await?;
        after = page.pop();
        if is_last {
            return Ok(());
        }
    }
}

fn deduction(record: &TdsRecord) -> Deduction<'_> {
    Deduction {
        pan_index: &record.pan_index,
        pan_sealed: &record.pan_sealed,
        holder_name: &record.holder_name,
        section: &record.section,
        gross: record.gross_paise,
        tds: record.tds_paise,
    }
}

/// CSV rows that are not sent yet.
struct CsvChunk<'a> {
    state: &'a ComplianceState,
    csv: csv::Writer<Vec<u8>>,
}

impl<'a> CsvChunk<'a> {
    fn new(state: &'a ComplianceState) -> Self {
        Self { state, csv: csv::Writer::from_writer(Vec::new()) }
    }

    fn write(&mut self, record: [String; 6]) -> Result<(), Problem> {
        self.csv.write_record(record).map_err(Problem::internal)
    }

    fn write_line(&mut self, line: &StatementLine) -> Result<(), Problem> {
        let pan = unseal_pan(self.state, &line.pan_sealed)?.unwrap_or_else(|| NO_PAN.to_owned());
        let (name, section) = (csv_cell(&line.holder_name), csv_cell(&line.section));
        self.write([pan, name, section, line.count.to_string(), line.gross.to_string(), line.tds.to_string()])
    }

    /// Writes the last line: the count of PANs and of deductions, and the sums.
    fn write_totals(&mut self, totals: &ControlTotals) -> Result<(), Problem> {
        let (count, gross, tds) = (totals.count.to_string(), totals.gross.to_string(), totals.tds.to_string());
        self.write(["TOTAL".to_owned(), format!("{} PAN", totals.deductees), String::new(), count, gross, tds])
    }

    /// Returns the rows so far as bytes and starts an empty chunk.
    fn take_bytes(&mut self) -> Result<Vec<u8>, Problem> {
        let written = std::mem::replace(self, Self::new(self.state));
        written.csv.into_inner().map_err(|e| Problem::internal(e.into_error()))
    }
}
