//! A member's certificate of a year.

use super::certificate_pdf::{Certificate, pdf};
use crate::Compliance;
use crate::app::issue_certificate::{Issue, issue_certificate};
use crate::store::{certificates, records};
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Problem, Query, path_id};
use chassis::id;
use domain::{FinancialYear, Money, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Whose {
    /// Staff: a member's.
    user_id: Option<UserId>,
}

/// 404 for a year in which nothing was deducted.
pub(super) async fn show(
    app: web::Data<Compliance>,
    caller: Caller,
    path: web::Path<String>,
    Query(whose): Query<Whose>,
) -> Result<HttpResponse, Problem> {
    let year: FinancialYear = path_id(&path)?;
    let user = whose.user_id.filter(|_| caller.role.is_staff()).unwrap_or(caller.user_id);
    let mut c = app.ctx.db().read().await?;
    let records = records::of_year(&mut c, user, year).await?;
    if records.is_empty() {
        return Err(Problem::not_found());
    }
    let now = app.ctx.now();
    let certificate = Certificate { year, made_on: now.day(), records: &records };
    let file = pdf(&certificate).map_err(Problem::internal)?;
    if !certificates::is_issued(&mut c, user, year).await? {
        drop(c);
        let total_tds_paise = Money::total(records.iter().map(|r| r.tds_paise)).map_err(Problem::internal)?;
        let issue = &Issue { id: id::fresh(), user_id: user, financial_year: year, total_tds_paise, issued_at: now };
        app.ctx.tx(async |c| issue_certificate(c, issue).await.map_err(Problem::from)).await?;
    }
    if caller.role.is_staff() {
        let (who, subject) = (&caller, format!("{user}-{year}"));
        let downloaded = async |c: &mut db::DbConnection| {
            let action = Action {
                action: "compliance.certificate_download",
                subject_type: "tds_certificate",
                subject_id: subject.clone(),
                subject_user: Some(user),
                detail: "",
            };
            audit::record(c, "compliance", who, now, action).await.map_err(Problem::from)
        };
        app.ctx.tx(downloaded).await?;
    }
    Ok(HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header(("Content-Disposition", format!("attachment; filename=\"tds-{year}.pdf\"")))
        .insert_header(("Cache-Control", "private, no-store"))
        .body(file))
}
