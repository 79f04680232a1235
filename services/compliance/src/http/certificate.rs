//! TDS certificate of a member and financial year.

use super::Subject;
use super::certificate_pdf::{Certificate, render};
use crate::ComplianceState;
use crate::app::issue_certificate::issue_certificate;
use crate::store::certificates::{self, CertificateIssue};
use crate::store::tds_records;
use actix_web::web;
use chassis::audit;
use domain::{FinancialYear, Money, UserId};
use http_api::{Caller, Download, FileTypes, Path, Problem, Query, operation};
use runtime::id;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CertificateFilter {
    /// A member's certificate instead of the caller's own; staff only, ignored for members.
    user_id: Option<UserId>,
}

/// Content type of a certificate.
pub(super) struct CertificateFile;

impl FileTypes for CertificateFile {
    const CONTENT_TYPES: &'static [&'static str] = &["application/pdf"];
}

/// A year's deductions as a PDF: own, or with `user_id` any member's for staff.
///
/// The first issue is recorded, and every download by staff. 404 for a year without deductions.
#[operation]
pub(super) async fn get(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Query(filter): Query<CertificateFilter>,
    Path(year): Path<FinancialYear>,
) -> Result<Download<CertificateFile>, Problem> {
    let user = filter.user_id.filter(|_| caller.role.is_staff()).unwrap_or(caller.user_id);
    let mut c = state.ctx.db().read().await?;
    let records = tds_records::list_for_year(&mut c, user, year).await?;
    if records.is_empty() {
        return Err(Problem::not_found());
    }
    let now = state.ctx.now();
    let certificate = Certificate { year, made_on: now.day(), records: &records };
    let file = render(&certificate).map_err(Problem::internal)?;
    if !certificates::is_issued(&mut c, user, year).await? {
        drop(c);
        let total_tds_paise = Money::total(records.iter().map(|r| r.tds_paise)).map_err(Problem::internal)?;
        let issue =
            CertificateIssue { id: id::fresh(), user_id: user, financial_year: year, total_tds_paise, issued_at: now };
        state.ctx.tx(async |c| issue_certificate(c, &issue).await.map_err(Problem::from)).await?;
    }
    if caller.role.is_staff() {
        let (action, subject) = ("compliance.certificate_download", Subject::Certificate(user, year));
        state.ctx.tx(async |c| audit::record(c, &caller, now, action, subject, "").await).await?;
    }
    Ok(Download::attachment("application/pdf", &format!("tds-{year}.pdf"), file))
}
