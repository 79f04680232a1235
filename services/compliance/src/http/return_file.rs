//! The government's text file of a quarter's deductions.
//!
//! Its headers state sums, so the deductions are read twice: for the sums, then for the lines. Memory use does not grow
//! with them.

use super::challans::MAX_CHALLANS;
use super::statement_access::{record_download, unseal_pan};
use crate::ComplianceState;
use crate::domain::challan::Allocation;
use crate::domain::return_file::{ChallanRecord, DeducteeRecord, Period, ReturnFile};
use crate::store::challans::{self, Challan};
use crate::store::tds_records::{self, TdsRecord};
use db::LongRead;
use domain::{Money, Rate, Timestamp};
use http_api::{BodySender, Caller, FieldErrors, Problem};

/// Records in memory at a time.
const PAGE_RECORDS: i64 = 500;
/// Deductions without a challan that a refusal names.
const MAX_NAMED: u64 = 20;

/// Pages of a quarter's deductions that were not returned in the same quarter.
///
/// A deduction that the bank returned in a later quarter stays: it was due and deposited, and only a correction
/// statement changes it.
struct Deductions<'a> {
    long_read: &'a LongRead,
    period: Period,
    after: Option<(Timestamp, tds_records::TdsRecordId)>,
    is_done: bool,
}

impl<'a> Deductions<'a> {
    fn new(long_read: &'a LongRead, period: Period) -> Self {
        Self { long_read, period, after: None, is_done: false }
    }

    /// The next page; `None` at the end. A page may be empty.
    async fn next(&mut self) -> Result<Option<Vec<TdsRecord>>, Problem> {
        if self.is_done {
            return Ok(None);
        }
        let quarter = (self.period.year, self.period.quarter);
        let mut c = self.long_read.connection().await?;
        let mut page = tds_records::list_deductions(&mut c, quarter, self.after, PAGE_RECORDS).await?;
        let payouts: Vec<_> = page.iter().map(|record| record.payout_id).collect();
        let reversed = tds_records::find_reversed(&mut c, quarter, &payouts).await?;
        self.is_done = i64::try_from(page.len()) != Ok(PAGE_RECORDS);
        self.after = page.last().map(|record| (record.deducted_at, record.id));
        page.retain(|record| !reversed.contains(&record.payout_id));
        Ok(Some(page))
    }
}

/// Sends the file, after the download is in the audit log.
///
/// 409 when a setting of the deductor is missing, when a section has no code, when a deduction has no challan, and when
/// the quarter has no deductions.
pub(super) async fn send(
    state: &ComplianceState,
    caller: &Caller,
    long_read: &LongRead,
    period: Period,
    out: &BodySender,
) -> Result<(), Problem> {
    let missing = state.deductor.missing(&state.documents.company);
    if !missing.is_empty() {
        let detail = format!("these settings are missing: {}", missing.join(", "));
        return Err(Problem::conflict("compliance.deductor_incomplete", detail));
    }
    let mut c = long_read.connection().await?;
    let challans = challans::list(&mut c, period.year, Some(period.quarter), MAX_CHALLANS).await?;
    drop(c);
    let allocation = allocate(state, long_read, period, &challans).await?;
    let mut writer = FileWriter::new(state, period, &challans, &allocation);
    record_download(state, caller, (period.year, period.quarter), "txt").await?;
    out.send(writer.headers()?.into_bytes()).await?;
    let mut deductions = Deductions::new(long_read, period);
    while let Some(page) = deductions.next().await? {
        let text = page.iter().map(|record| writer.write(record)).collect::<Result<String, _>>()?;
        out.send(text.into_bytes()).await?;
    }
    // The headers would state other sums than the lines.
    if writer.allocation == allocation { Ok(()) } else { Err(Problem::unavailable("a deduction was added meanwhile")) }
}

/// Assigns all deductions to their challans. Refuses a section without a code and deductions without a challan.
async fn allocate(
    state: &ComplianceState,
    long_read: &LongRead,
    period: Period,
    challans: &[Challan],
) -> Result<Allocation, Problem> {
    let mut allocation = Allocation::new(challans.iter().map(|challan| challan.amount_paise).collect());
    let mut uncovered = FieldErrors::new();
    let mut deductions = Deductions::new(long_read, period);
    while let Some(page) = deductions.next().await? {
        for record in &page {
            section_code(state, record)?;
            let is_covered = allocation.assign(record.tds_paise).map_err(Problem::internal)?.is_some();
            if allocation.uncovered().count <= MAX_NAMED {
                let field = format!("payouts.{}", record.payout_id);
                uncovered.require(&field, is_covered, "no_challan", record.tds_paise.to_string());
            }
        }
    }
    let open = allocation.uncovered();
    if open.count > 0 {
        let detail = format!("{} deductions with a tax of {} have no challan of the quarter", open.count, open.tds);
        return Err(Problem::conflict("compliance.tax_not_deposited", detail).with_errors(uncovered.into_errors()));
    }
    if allocation.covered().iter().all(|covered| covered.count == 0) {
        return Err(Problem::conflict("compliance.no_deductions", "no tax was deducted in the quarter"));
    }
    Ok(allocation)
}

fn section_code(state: &ComplianceState, record: &TdsRecord) -> Result<String, Problem> {
    let section = &record.section;
    state.deductor.section_code(section).ok_or_else(|| {
        let detail = format!("the code of section {section} is not set in TDS_SECTION_CODES");
        Problem::conflict("compliance.section_code_missing", detail)
    })
}

/// Lines of a file, which assigns the deductions anew as it writes them.
struct FileWriter<'a> {
    state: &'a ComplianceState,
    period: Period,
    challans: &'a [Challan],
    totals: &'a Allocation,
    allocation: Allocation,
    file: ReturnFile,
    /// Index of the challan of the last line.
    open: Option<usize>,
    /// Numbers of the last challan and of its last deduction.
    challan: u64,
    deductee: u64,
}

impl<'a> FileWriter<'a> {
    fn new(state: &'a ComplianceState, period: Period, challans: &'a [Challan], totals: &'a Allocation) -> Self {
        let allocation = Allocation::new(challans.iter().map(|challan| challan.amount_paise).collect());
        let file = ReturnFile::default();
        Self { state, period, challans, totals, allocation, file, open: None, challan: 0, deductee: 0 }
    }

    /// The headers: challans that cover nothing are left out.
    fn headers(&mut self) -> Result<String, Problem> {
        let used = self.challans.iter().zip(self.totals.covered()).filter(|(_, covered)| covered.count > 0);
        let amounts: Vec<Money> = used.map(|(challan, _)| challan.amount_paise).collect();
        let total = Money::total(amounts.iter().copied()).map_err(Problem::internal)?;
        let count = u64::try_from(amounts.len()).map_err(Problem::internal)?;
        let deductor = self.state.deductor.deductor(&self.state.documents.company);
        let header = self.file.file_header(&deductor, self.state.ctx.now().day());
        Ok(header + &self.file.batch_header(&deductor, self.period, count, total))
    }

    /// The line of a deduction, after that of its challan if it is the first of it.
    fn write(&mut self, record: &TdsRecord) -> Result<String, Problem> {
        let changed = || Problem::unavailable("a deduction was added meanwhile");
        let index = self.allocation.assign(record.tds_paise).map_err(Problem::internal)?.ok_or_else(changed)?;
        let mut text = String::new();
        if self.open != Some(index) {
            (self.open, self.challan, self.deductee) = (Some(index), self.challan + 1, 0);
            text.push_str(&self.challan_line(index).ok_or_else(changed)?);
        }
        self.deductee += 1;
        let pan = unseal_pan(self.state, &record.pan_sealed)?;
        let rate: Rate = record.rate.parse().map_err(Problem::internal)?;
        text.push_str(&self.file.deductee(&DeducteeRecord {
            challan: self.challan,
            number: self.deductee,
            pan: pan.as_deref(),
            name: &record.holder_name,
            section_code: &section_code(self.state, record)?,
            gross: record.gross_paise,
            tds: record.tds_paise,
            rate,
            deducted_on: record.deducted_at.day(),
        }));
        Ok(text)
    }

    fn challan_line(&mut self, index: usize) -> Option<String> {
        let (challan, covered) = (self.challans.get(index)?, self.totals.covered().get(index)?);
        let record = ChallanRecord {
            number: self.challan,
            bsr: challan.bsr.clone(),
            serial: challan.serial.clone(),
            deposited_on: challan.deposited_on,
            amount: challan.amount_paise,
            deductees: covered.count,
            tds: covered.tds,
        };
        Some(self.file.challan(&record))
    }
}
