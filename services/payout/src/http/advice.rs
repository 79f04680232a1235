//! Advice of a payout as a PDF, and the verification of all documents that this service issues.

use super::payouts::load_visible;
use crate::PayoutState;
use crate::domain::payout::PayoutStatus;
use crate::store::payouts::Payout;
use crate::store::{payout_steps, taxes};
use actix_web::web;
use db::DbConnection;
use documents::papers::{Member, PayoutAdvice};
use documents::verification::Issuer;
use domain::{PayoutId, Timestamp};
use http_api::{Caller, Download, Json, Path, Problem, Query, operation};
use issued_documents::{DocumentFilter, Issued, NewIssue, PdfFile, VerifiedDocument, file, issue, language_for};

/// Download the advice of a payout, as a PDF.
///
/// 404 for a payout of another member, unless the caller is staff; 409 with `payout.no_advice` unless it is completed.
#[operation]
pub(super) async fn get(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<PayoutId>,
    Query(filter): Query<DocumentFilter>,
) -> Result<Download<PdfFile>, Problem> {
    let payout = load_visible(&state, &caller, id).await?;
    if payout.status != PayoutStatus::Completed {
        let detail = format!("a payout that is {} has no advice", payout.status);
        return Err(Problem::conflict("payout.no_advice", detail));
    }
    let now = state.ctx.now();
    let issued = state.ctx.tx(async |c| issue_advice(c, &state, &payout, now).await).await?;
    let language = language_for(&mut *state.ctx.db().read().await?, filter.lang, payout.user_id).await?;
    let document = issued.snapshot.document(language, Some(issued.proof));
    file(&state.documents, &format!("payout-{id}"), document).await
}

async fn issue_advice(
    c: &mut DbConnection,
    state: &PayoutState,
    payout: &Payout,
    now: Timestamp,
) -> Result<Issued<PayoutAdvice>, Problem> {
    let steps = payout_steps::list(c, payout.id).await?;
    let completed = steps.iter().rfind(|step| step.status == PayoutStatus::Completed);
    let paid_on = completed.map_or(payout.changed_at, |step| step.reached_at).day();
    let tax = taxes::find_tax_line(c, payout.id).await?;
    let snapshot = PayoutAdvice {
        company: state.documents.company.clone(),
        member: Member { name: payout.pan_holder.clone(), lines: Vec::new() },
        number: payout.id.to_string(),
        requested_on: payout.requested_at.day(),
        paid_on,
        gross: payout.requested_paise,
        tds: payout.tds_paise,
        tax_rule: tax.map(|line| format!("{}, {} %", line.section, line.rate)).unwrap_or_default(),
        emi: payout.emi_paise,
        net: payout.net_paise,
        account_holder: payout.holder_name.clone(),
        account_number: payout.account_mask.clone(),
        ifsc: payout.ifsc.clone(),
        bank_name: payout.bank_name.clone(),
        utr: payout.utr.clone(),
    };
    let new = NewIssue {
        issuer: Issuer::Payout,
        kind: "payout_advice",
        subject: payout.id.to_string(),
        state: payout.status.to_string(),
        number: payout.id.to_string(),
        owner_id: Some(payout.user_id),
        name: &payout.pan_holder,
        issued_on: paid_on,
        amount: payout.net_paise,
        snapshot,
        at: now,
    };
    issue(c, &state.documents, new).await
}

/// Verify a document by its code.
///
/// What the document with this code states, if this platform issued it; 404 for every other code. The letters after
/// `P-` may have any case and separators.
#[operation]
pub(super) async fn verify(
    state: web::Data<PayoutState>,
    Path(code): Path<String>,
) -> Result<Json<VerifiedDocument>, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(Json::new(issued_documents::verify(&mut c, &state.documents, Issuer::Payout, &code).await?))
}
