//! Handlers of refunds for staff: refunds, reported gateway refunds, and manual resolution.

use super::Subject;
use super::payments::{Reference, parse_reference, refuse_own};
use super::views::RefundView;
use crate::BookingState;
use crate::app::resolve_refund::{self, ResolutionProposal, ResolveOutcome};
use crate::domain::refund::{GatewayRefundOutcome, GatewayRefundState, Resolution};
use crate::domain::{GatewayName, GatewayRefundId, RefundId, RefundStatus};
use crate::error::BookingError;
use crate::store::gateway_refunds::{self, GatewayRefundRow};
use crate::store::refunds;
use actix_web::web;
use chassis::audit;
use domain::bounded_text::MAX_REASON_CHARS;
use domain::{Line, Money, MultilineText, PaymentId, Timestamp, Unvalidated};
use http_api::{Caller, Cursor, FieldErrors, Idempotent, Json, Listing, Path, Problem, Query, StaffPage, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    reference: Option<Unvalidated<Reference>>,
    reason: MultilineText,
}

/// List refunds.
#[operation]
pub(crate) async fn list(
    state: web::Data<BookingState>,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<RefundFilter>,
) -> Result<Json<Listing<RefundView>>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let rows = refunds::list(&mut c, filter.status, order, page.after_id()?, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |refund| Cursor::Id(refund.id.uuid()), RefundView::from)))
}

/// List refunds reported by gateways.
///
/// A reported refund with the outcome `unmatched` matches no refund.
#[operation]
pub(crate) async fn list_reported(
    state: web::Data<BookingState>,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<GatewayRefundFilter>,
) -> Result<Json<Listing<GatewayRefundView>>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let rows = gateway_refunds::list(&mut c, filter.outcome, order, page.after_id()?, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), GatewayRefundView::from)))
}

/// Resolve a refund that was unknown for a day: one member of staff proposes, another approves.
///
/// Stores a proposal, or executes it when another member of staff repeats it. 403 for the caller's own refund; 409 when
/// the refund's outcome is known or has been unknown for less than a day, or when another proposal differs.
#[operation]
pub(crate) async fn resolve(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<RefundId>,
    request: Idempotent<ResolveInput>,
) -> Result<Json<RefundView>, Problem> {
    let refund = refunds::find(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    refuse_own(refund.user_id, &caller)?;
    let (input, request) = request.read_with_code("booking.resolution_invalid").await?;
    let reference = parse_reference("reference", input.reference.as_ref())?;
    let reason = Line::<MAX_REASON_CHARS>::try_new(&input.reason);
    let mut errors = FieldErrors::new();
    let has_reference = reference.is_some() || input.outcome == Resolution::Failed;
    errors.require("reference", has_reference, "required", "the outcome refunded needs a reference");
    errors.require("reason", reason.is_ok(), "length", format!("1 to {MAX_REASON_CHARS} characters"));
    errors.finish("booking.resolution_invalid")?;
    let proposal = ResolutionProposal {
        resolution: input.outcome,
        reference,
        reason: reason.map(String::from).unwrap_or_default(),
        by: caller.user_id,
    };
    let now = state.ctx.now();
    request
        .run(&state.ctx, async |c| {
            let action = match resolve_refund::resolve(c, id, &proposal, now).await? {
                ResolveOutcome::Proposed => Some("refund.propose_resolution"),
                ResolveOutcome::Executed => Some("refund.resolve"),
                ResolveOutcome::Unchanged => None,
            };
            if let Some(action) = action {
                let subject = Subject::Refund(id, refund.user_id);
                audit::record(c, &caller, now, action, subject, &proposal.reason).await?;
            }
            Ok(RefundView::from(refunds::find(c, id).await?.ok_or(BookingError::NotFound)?))
        })
        .await
}
