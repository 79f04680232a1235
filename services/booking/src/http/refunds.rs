//! Refunds for staff: those whose outcome is unknown, and what gateways reported that matches nothing here.

use super::payments::line_of;
use super::views::RefundView;
use crate::Booking;
use crate::app::resolve_refund::{self, Proposal, Resolved};
use crate::domain::refund::{GatewayRefundOutcome, GatewayRefundState, Resolution};
use crate::domain::{GatewayName, GatewayRefundId, RefundId, RefundStatus};
use crate::error::BookingError;
use crate::store::gateway_refunds::{self, GatewayRefundRow};
use crate::store::refunds;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, FieldErrors, Idempotent, Page, Problem, Query, ok, path_id};
use domain::{FreeText, Money, PaymentId, PersonText, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const LONGEST_REASON: usize = 500;

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct RefundFilter {
    status: Option<RefundStatus>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct GatewayRefundFilter {
    outcome: Option<GatewayRefundOutcome>,
}

/// A refund as its gateway reported it, whoever made it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GatewayRefundView {
    id: GatewayRefundId,
    gateway: GatewayName,
    gateway_refund_id: String,
    gateway_payment_id: String,
    payment_id: Option<PaymentId>,
    /// In hundredths of the currency.
    amount: Money,
    currency: String,
    state: GatewayRefundState,
    outcome: GatewayRefundOutcome,
    /// What was clawed back from the payer's wallet because of it.
    clawback: Money,
    reported_at: Timestamp,
}

impl From<GatewayRefundRow> for GatewayRefundView {
    fn from(row: GatewayRefundRow) -> Self {
        Self {
            id: row.id,
            gateway: row.gateway,
            gateway_refund_id: row.gateway_refund_id,
            gateway_payment_id: row.gateway_payment_id,
            payment_id: row.payment_id,
            amount: row.amount_paise,
            currency: row.currency,
            state: row.state,
            outcome: row.outcome,
            clawback: row.clawback_paise,
            reported_at: row.reported_at,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ResolveInput {
    outcome: Resolution,
    /// Of the refund at the gateway or the bank; required where it was refunded.
    reference: Option<PersonText>,
    reason: FreeText,
}

pub(crate) async fn list(
    app: web::Data<Booking>,
    page: Page,
    Query(given): Query<RefundFilter>,
) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let rows = refunds::page(&mut c, given.status, page.after_id()?, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |refund| Cursor::Id(refund.id.uuid()), RefundView::from)))
}

pub(crate) async fn list_reported(
    app: web::Data<Booking>,
    page: Page,
    Query(given): Query<GatewayRefundFilter>,
) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let rows = gateway_refunds::page(&mut c, given.outcome, page.after_id()?, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |row| Cursor::Id(row.id.uuid()), GatewayRefundView::from)))
}

/// The first call proposes, the same one by another member of staff carries it out.
pub(crate) async fn resolve(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let id: RefundId = path_id(&path)?;
    let refund = refunds::find(&mut *app.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    if refund.user_id == caller.user_id {
        return Err(super::payments::own());
    }
    let input = body.json_or::<ResolveInput>("booking.resolution_invalid").await?;
    let reference = line_of("reference", input.value.reference.as_deref())?;
    let reason = crate::domain::text::line(&input.value.reason, LONGEST_REASON);
    let mut errors = FieldErrors::new();
    let named = reference.is_some() || input.value.outcome == Resolution::Failed;
    errors.require("reference", named, "required", "a refund that was made has a reference");
    errors.require("reason", reason.is_some(), "length", format!("1 to {LONGEST_REASON} characters"));
    errors.finish("booking.resolution_invalid")?;
    let proposal = &Proposal {
        resolution: input.value.outcome,
        reference,
        reason: reason.unwrap_or_default(),
        by: caller.user_id,
    };
    let (caller, now) = (&caller, app.ctx.now());
    idem.run(&app.ctx, caller, &input.bytes, StatusCode::OK, async |c| {
        let action = match resolve_refund::resolve(c, id, proposal, now).await? {
            Resolved::Proposed => Some("refund.propose_resolution"),
            Resolved::CarriedOut => Some("refund.resolve"),
            Resolved::Unchanged => None,
        };
        if let Some(action) = action {
            let (subject_type, subject_user) = ("refund", Some(refund.user_id));
            let act =
                Action { action, subject_type, subject_id: id.to_string(), subject_user, detail: &proposal.reason };
            audit::record(c, "booking", caller, now, act).await?;
        }
        Ok(RefundView::from(refunds::find(c, id).await?.ok_or(BookingError::NotFound)?))
    })
    .await
}
