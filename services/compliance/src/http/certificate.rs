//! TDS certificate of a member and financial year, and the verification of all documents that this service issues.

use super::Subject;
use super::challans::MAX_CHALLANS;
use crate::ComplianceState;
use crate::app::change_challan::list_stated;
use crate::app::issue_certificate::issue_certificate;
use crate::store::certificates::CertificateIssue;
use crate::store::challans::Challan;
use crate::store::tds_records::{self, TdsRecord};
use actix_web::web;
use chassis::audit;
use db::DbConnection;
use documents::Language;
use documents::papers::{CertificateQuarter, Member, TdsCertificate};
use documents::verification::Issuer;
use domain::{FinancialYear, Money, MoneyError, Timestamp, UserId};
use http_api::{Caller, Download, Json, Path, Problem, Query, operation};
use issued_documents::{Issued, NewIssue, PdfFile, VerifiedDocument, file, issue, language_for};
use runtime::id;
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Length of a stored state.
const MAX_STATE_BYTES: usize = 64;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CertificateFilter {
    /// A member's certificate instead of the caller's own; staff only, ignored for members.
    user_id: Option<UserId>,
    /// Language of the certificate: `en` or `hi`; by default the language of the member, also for staff.
    lang: Option<Language>,
}

/// A year's deductions as a PDF: own, or with `user_id` any member's for staff.
///
/// A member's own copy shows the whole PAN. A year in which tax was deducted or deposited since is issued anew
/// with the same number. The first issue is recorded, and every download by staff. 404 for a year without deductions.
#[operation]
pub(super) async fn get(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Query(filter): Query<CertificateFilter>,
    Path(year): Path<FinancialYear>,
) -> Result<Download<PdfFile>, Problem> {
    let user = filter.user_id.filter(|_| caller.role.is_staff()).unwrap_or(caller.user_id);
    let mut c = state.ctx.db().read().await?;
    let records = tds_records::list_for_year(&mut c, user, year).await?;
    drop(c);
    let last = records.last().ok_or_else(Problem::not_found)?;
    let now = state.ctx.now();
    let issued = state.ctx.tx(async |c| issue_copy(c, &state, (user, year), &records, now).await).await?;
    if caller.role.is_staff() {
        let (action, subject) = ("compliance.certificate_download", Subject::Certificate(user, year));
        state.ctx.tx(async |c| audit::record(c, &caller, now, action, subject, "").await).await?;
    }
    let mut certificate = issued.snapshot;
    if caller.user_id == user && !last.pan_sealed.is_empty() {
        let pan = state.sealer.open("pan", &last.pan_sealed).map_err(Problem::internal)?;
        certificate.pan = pan.expose_secret().to_owned();
    }
    let language = language_for(&mut *state.ctx.db().read().await?, filter.lang, user).await?;
    let document = certificate.document(language, Some(issued.proof));
    file(&state.documents, &format!("tds-{year}"), document).await
}

/// Issues the certificate of these records, oldest first, unless it was issued for them before.
async fn issue_copy(
    c: &mut DbConnection,
    state: &ComplianceState,
    (user, year): (UserId, FinancialYear),
    records: &[TdsRecord],
    now: Timestamp,
) -> Result<Issued<TdsCertificate>, Problem> {
    let last = records.last().ok_or_else(Problem::not_found)?;
    let (challans, challans_state) = list_stated(c, year, None, MAX_CHALLANS).await?;
    let quarters = quarters(records, &challans).map_err(Problem::internal)?;
    let total_tds_paise = Money::total(quarters.iter().map(|quarter| quarter.tds)).map_err(Problem::internal)?;
    let first = CertificateIssue {
        id: id::fresh(),
        user_id: user,
        financial_year: year,
        total_tds_paise,
        issued_at: now,
        number: None,
    };
    let number = format!("TDS/{year}/{:06}", issue_certificate(c, &first).await?);
    let snapshot = TdsCertificate {
        company: state.documents.company.clone(),
        member: Member { name: last.holder_name.clone(), lines: Vec::new() },
        pan: last.pan_mask.clone(),
        number: number.clone(),
        issued_on: now.day(),
        year,
        quarters,
    };
    let new = NewIssue {
        issuer: Issuer::Compliance,
        kind: "tds_certificate",
        subject: format!("{user} {year}"),
        state: issue_state(&format!("{number} {} {} {challans_state}", records.len(), last.id)),
        number,
        owner_id: Some(user),
        name: &last.holder_name,
        issued_on: now.day(),
        amount: total_tds_paise,
        snapshot,
        at: now,
    };
    issue(c, &state.documents, new).await
}

/// The state of a certificate, short enough to be stored: the text itself, or its digest.
fn issue_state(text: &str) -> String {
    if text.len() <= MAX_STATE_BYTES { text.to_owned() } else { hex::encode(Sha256::digest(text)) }
}

/// The sums of the records by quarter, section and rate, in the order of the first of each, with the challans of the
/// quarter.
fn quarters(records: &[TdsRecord], challans: &[Challan]) -> Result<Vec<CertificateQuarter>, MoneyError> {
    let mut quarters: Vec<CertificateQuarter> = Vec::new();
    for record in records {
        let is_same = |sum: &CertificateQuarter| {
            sum.quarter == record.quarter && sum.section == record.section && sum.rate == record.rate
        };
        match quarters.iter_mut().find(|sum| is_same(sum)) {
            Some(sum) => {
                sum.gross = sum.gross.add(record.gross_paise)?;
                sum.tds = sum.tds.add(record.tds_paise)?;
            }
            None => quarters.push(CertificateQuarter {
                quarter: record.quarter,
                section: record.section.clone(),
                rate: record.rate.clone(),
                gross: record.gross_paise,
                tds: record.tds_paise,
                challans: challans.iter().filter(|c| c.quarter == record.quarter).map(Challan::reference).collect(),
            }),
        }
    }
    quarters.sort_by_key(|sum| sum.quarter);
    Ok(quarters)
}

/// Verify a document by its code.
///
/// What the document with this code states, if this platform issued it; 404 for every other code. The letters after
/// `C-` may have any case and separators.
#[operation]
pub(super) async fn verify(
    state: web::Data<ComplianceState>,
    Path(code): Path<String>,
) -> Result<Json<VerifiedDocument>, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(Json::new(issued_documents::verify(&mut c, &state.documents, Issuer::Compliance, &code).await?))
}
