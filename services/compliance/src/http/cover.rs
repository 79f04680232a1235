//! Cover of the quarterly TDS statement: its totals by section, without PANs.

use super::Subject;
use super::challans::MAX_CHALLANS;
use crate::ComplianceState;
use crate::app::change_challan::list_stated;
use crate::store::tds_records::{self, TdsRecord};
use actix_web::web;
use chassis::audit;
use documents::papers::{CoverSection, QuarterlyCover};
use documents::verification::Issuer;
use domain::{FinancialYear, Money, MoneyError, Quarter};
use http_api::{Caller, Download, Path, Problem, Query, long_read, operation};
use issued_documents::{DocumentFilter, NewIssue, PdfFile, file, issue};
use std::collections::BTreeMap;
use std::time::Duration;

/// Records in memory at a time.
const PAGE_RECORDS: i64 = 500;

/// Totals of a quarter; memory use does not grow with its records.
#[derive(Default)]
struct Totals {
    deductees: u64,
    records: u64,
    /// By section: records, gross and tax.
    sections: BTreeMap<String, (u64, Money, Money)>,
    last_pan: Option<Vec<u8>>,
}

impl Totals {
    /// Adds a record; records come in the order of their PANs.
    fn add(&mut self, record: &TdsRecord) -> Result<(), MoneyError> {
        if self.last_pan.as_ref() != Some(&record.pan_index) {
            self.deductees += 1;
            self.last_pan = Some(record.pan_index.clone());
        }
        self.records += 1;
        let (records, gross, tds) = self.sections.entry(record.section.clone()).or_default();
        *records += 1;
        *gross = gross.add(record.gross_paise)?;
        *tds = tds.add(record.tds_paise)?;
        Ok(())
    }
}

/// The cover of a quarter's statement, as a PDF with the totals by section.
///
/// Every download is recorded in the audit log. 404 for a path that is no year and quarter, 429 while other long reads
/// run.
#[operation]
pub(super) async fn get(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path((year, quarter)): Path<(FinancialYear, Quarter)>,
    Query(filter): Query<DocumentFilter>,
) -> Result<Download<PdfFile>, Problem> {
    let totals = load_totals(&state, (year, quarter)).await?;
    let mut c = state.ctx.db().read().await?;
    let (challans, challans_state) = list_stated(&mut c, year, Some(quarter), MAX_CHALLANS).await?;
    drop(c);
    let now = state.ctx.now();
    let section = |(section, (records, gross, tds))| CoverSection { section, records, gross, tds };
    let cover = QuarterlyCover {
        company: state.documents.company.clone(),
        made_on: now.day(),
        year,
        quarter,
        deductees: totals.deductees,
        records: totals.records,
        sections: totals.sections.into_iter().map(section).collect(),
        challans: challans.iter().map(|challan| (challan.reference(), challan.amount_paise)).collect(),
    };
    let tax = cover.total_tds();
    let new = NewIssue {
        issuer: Issuer::Compliance,
        kind: "quarterly_cover",
        subject: format!("{year} {quarter}"),
        // A day on which nothing was added is issued once.
        state: format!("{} {} {tax} {}", now.day(), cover.records, challans_state),
        number: format!("{year} {quarter}"),
        owner_id: None,
        name: "",
        issued_on: now.day(),
        amount: tax,
        snapshot: cover,
        at: now,
    };
    let (action, subject) = ("compliance.cover_download", Subject::Statement(year, quarter));
    let issued = state
        .ctx
        .tx(async |c| {
            audit::record(c, &caller, now, action, subject, "").await?;
            issue(c, &state.documents, new.clone()).await
        })
        .await?;
    let document = issued.snapshot.document(filter.lang.unwrap_or_default(), Some(issued.proof));
    file(&state.documents, &format!("tds-{year}-{quarter}-cover"), document).await
}

async fn load_totals(state: &ComplianceState, quarter: (FinancialYear, Quarter)) -> Result<Totals, Problem> {
    let long_read = long_read(state.ctx.db(), Duration::ZERO).await?;
    let mut totals = Totals::default();
    let mut after: Option<TdsRecord> = None;
    loop {
        let mut c = long_read.connection().await?;
        let mut page = tds_records::list_for_quarter(&mut c, quarter, after.as_ref(), PAGE_RECORDS).await?;
        drop(c);
        for record in &page {
            totals.add(record).map_err(Problem::internal)?;
        }
        let is_last = i64::try_from(page.len()) != Ok(PAGE_RECORDS);
        after = page.pop();
        if is_last {
            return Ok(totals);
        }
    }
}
