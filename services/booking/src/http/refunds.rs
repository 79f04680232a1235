//! Handlers of refunds for staff: refunds, reported gateway refunds, and manual resolution.

use super::payments::parse_line;
use super::views::RefundView;
use crate::BookingState;
use crate::app::resolve_refund::{self, ResolutionProposal, ResolveOutcome};
use crate::domain::refund::{GatewayRefundOutcome, GatewayRefundState, Resolution};
use crate::domain::{GatewayName, GatewayRefundId, RefundId, RefundStatus};
use crate::error::BookingError;
use crate::store::gateway_refunds::{self, GatewayRefundRow};
use crate::store::refunds;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit::{self, StaffAction};
use chassis::auth::Caller;
use chassis::http::{Cursor, FieldErrors, IdempotencyKey, Page, Problem, Query, RawBody, ok, path_id};
use domain::{Money, MultilineText, PaymentId, SingleLineText, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Maximal length of a proposal's reason.
const MAX_REASON_CHARS: usize = 500;

/// Filter of the list of refunds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct RefundFilter {
    status: Option<RefundStatus>,
}

/// Filter of the list of reported refunds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct GatewayRefundFilter {
    outcome: Option<GatewayRefundOutcome>,
}

/// A refund as its gateway reported it.
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
    /// The amount clawed back from the payer's wallet because of it.
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

/// Proposed resolution of a refund with an unknown outcome.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ResolveInput {
    outcome: Resolution,
    /// Reference of the refund at the gateway or the bank; required for the outcome `refunded`.
    reference: Option<SingleLineText>,
    reason: MultilineText,
}

/// Lists refunds, newest first.
pub(crate) async fn list(
    state: web::Data<BookingState>,
    page: Page,
    Query(filter): Query<RefundFilter>,
) -> Result<HttpResponse, Problem> {
    let mut c = state.ctx.db().read().await?;
    let rows = refunds::list(&mut c, filter.status, page.after_id()?, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |refund| Cursor::Id(refund.id.uuid()), RefundView::from)))
}

/// Lists refunds that gateways reported, newest first.
pub(crate) async fn list_reported(
    state: web::Data<BookingState>,
    page: Page,
    Query(filter): Query<GatewayRefundFilter>,
) -> Result<HttpResponse, Problem> {
    let mut c = state.ctx.db().read().await?;
    let rows = gateway_refunds::list(&mut c, filter.outcome, page.after_id()?, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |row| Cursor::Id(row.id.uuid()), GatewayRefundView::from)))
}

/// Stores a proposal, or executes it when another member of staff repeats it.
pub(crate) async fn resolve(
    state: web::Data<BookingState>,
    caller: Caller,
    path: web::Path<String>,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let id: RefundId = path_id(&path)?;
    let refund = refunds::find(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    if refund.user_id == caller.user_id {
        return Err(super::payments::own_payment_refused());
    }
    let input = body.json_with_code::<ResolveInput>("booking.resolution_invalid").await?;
    let reference = parse_line("reference", input.value.reference.as_deref())?;
    let reason = crate::domain::text::single_line(&input.value.reason, MAX_REASON_CHARS);
    let mut errors = FieldErrors::new();
    let has_reference = reference.is_some() || input.value.outcome == Resolution::Failed;
    errors.require("reference", has_reference, "required", "the outcome refunded needs a reference");
    errors.require("reason", reason.is_some(), "length", format!("1 to {MAX_REASON_CHARS} characters"));
    errors.finish("booking.resolution_invalid")?;
    let proposal = &ResolutionProposal {
        resolution: input.value.outcome,
        reference,
        reason: reason.unwrap_or_default(),
        by: caller.user_id,
    };
    let (caller, now) = (&caller, state.ctx.now());
    idem.run(&state.ctx, caller, &input.bytes, StatusCode::OK, async |c| {
        let action = match resolve_refund::resolve(c, id, proposal, now).await? {
            ResolveOutcome::Proposed => Some("refund.propose_resolution"),
            ResolveOutcome::Executed => Some("refund.resolve"),
            ResolveOutcome::Unchanged => None,
        };
        if let Some(action) = action {
            let (subject_type, subject_user) = ("refund", Some(refund.user_id));
            let audited = StaffAction {
                action,
                subject_type,
                subject_id: id.to_string(),
                subject_user,
                detail: &proposal.reason,
            };
            audit::record(c, "booking", caller, now, audited).await?;
        }
        Ok(RefundView::from(refunds::find(c, id).await?.ok_or(BookingError::NotFound)?))
    })
    .await
}
