//! TDS certificate of a member and financial year.

use super::certificate_pdf::{Certificate, render};
use crate::ComplianceState;
use crate::app::issue_certificate::{CertificateIssue, issue_certificate};
use crate::store::{certificates, tds_records};
use actix_web::{HttpResponse, web};
use chassis::audit::{self, StaffAction};
use chassis::auth::Caller;
use chassis::http::{Problem, Query, path_id};
use chassis::id;
use domain::{FinancialYear, Money, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CertificateFilter {
    /// A member's certificate instead of the caller's own; staff only, ignored for members.
    user_id: Option<UserId>,
}

/// Renders the certificate as a PDF. Records its first issue, and every download by staff. 404 for a year without
/// deductions.
pub(super) async fn get(
    state: web::Data<ComplianceState>,
    caller: Caller,
    path: web::Path<String>,
    Query(filter): Query<CertificateFilter>,
) -> Result<HttpResponse, Problem> {
    let year: FinancialYear = path_id(&path)?;
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
            &CertificateIssue { id: id::fresh(), user_id: user, financial_year: year, total_tds_paise, issued_at: now };
        state.ctx.tx(async |c| issue_certificate(c, issue).await.map_err(Problem::from)).await?;
    }
    if caller.role.is_staff() {
        let (actor, subject) = (&caller, format!("{user}-{year}"));
        let record_download = async |c: &mut db::DbConnection| {
            let action = StaffAction {
                action: "compliance.certificate_download",
                subject_type: "tds_certificate",
                subject_id: subject.clone(),
                subject_user: Some(user),
                detail: "",
            };
            audit::record(c, "compliance", actor, now, action).await.map_err(Problem::from)
        };
        state.ctx.tx(record_download).await?;
    }
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header(("Content-Disposition", format!("attachment; filename=\"tds-{year}.pdf\"")))
        .insert_header(("Cache-Control", "private, no-store"))
        .body(file))
}
