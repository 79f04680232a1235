//! Handlers of previews: what a cancellation, a return or a refund would do.

use super::bookings::{RefundDestination, load_visible_owner};
use super::payments::{load_visible_payment, refuse_own};
use crate::BookingState;
use crate::app::preview_refund::{self, Preview};
use crate::domain::RefundTo;
use crate::domain::aggregate::{PreviewedRefund, RefundTerms};
use crate::error::BookingError;
use actix_web::web;
use domain::{BookingId, Money, PaymentId};
use http_api::{Caller, Json, Path, Problem, Query, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Requested destination of the refunds; by default the wallet.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct PreviewFilter {
    refund_to: Option<RefundDestination>,
}

impl PreviewFilter {
    fn terms(&self, state: &BookingState) -> RefundTerms {
        RefundDestination::terms(self.refund_to, String::new(), state)
    }
}

/// A refund that a request would make.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PreviewedRefundView {
    payment_id: PaymentId,
    amount: Money,
    to: RefundTo,
}

impl From<&PreviewedRefund> for PreviewedRefundView {
    fn from(refund: &PreviewedRefund) -> Self {
        Self { payment_id: refund.payment_id, amount: refund.amount, to: refund.to }
    }
}

/// What a cancellation or a refund would do.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RefundPreviewView {
    allowed: bool,
    /// Code of the problem with which the request is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    refunds: Vec<PreviewedRefundView>,
    /// Pending payments that it closes.
    closes_pending: Vec<PaymentId>,
    total_to_wallet: Money,
    total_to_source: Money,
    /// The total that goes back to the EMI reserve.
    emi_reserve_back: Money,
    /// The member's net payments afterwards.
    net_paid_after: Money,
    ends_active_buyer: bool,
}

impl RefundPreviewView {
    /// Errors when the request would fail with an internal error.
    fn try_new(preview: Preview) -> Result<Self, Problem> {
        let Preview { effects, refusal } = preview;
        let problem = refusal.map(Problem::from);
        if let Some(problem) = problem.as_ref().filter(|problem| problem.status.is_server_error()) {
            return Err(Problem::internal(problem.detail.clone()));
        }
        let total = |to| effects.total(to).map_err(BookingError::from);
        Ok(Self {
            allowed: problem.is_none(),
            code: problem.map(|problem| problem.code),
            refunds: effects.refunds.iter().map(PreviewedRefundView::from).collect(),
            total_to_wallet: total(RefundTo::Wallet)?,
            total_to_source: total(RefundTo::Source)?,
            emi_reserve_back: total(RefundTo::EmiReserve)?,
            closes_pending: effects.closed,
            net_paid_after: effects.net_paid_after,
            ends_active_buyer: effects.ends_active_buyer,
        })
    }
}

/// Preview the cancellation of a booking.
///
/// Decided as the cancellation is, without any change. 404 when the booking does not exist or the caller may not see
/// it.
#[operation]
pub(crate) async fn preview_cancellation(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
    Query(filter): Query<PreviewFilter>,
) -> Result<Json<RefundPreviewView>, Problem> {
    load_visible_owner(&state, &caller, id).await?;
    let mut c = state.ctx.db().read().await?;
    let terms = filter.terms(&state);
    let preview = preview_refund::preview_cancellation(&mut c, id, &terms, state.ctx.now()).await?;
    Ok(Json::new(RefundPreviewView::try_new(preview)?))
}

/// Preview the return of a booking's vehicle.
///
/// Decided as the return is, without any change. 403 for the caller's own booking. 404 when it does not exist.
#[operation]
pub(crate) async fn preview_return(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
    Query(filter): Query<PreviewFilter>,
) -> Result<Json<RefundPreviewView>, Problem> {
    refuse_own(load_visible_owner(&state, &caller, id).await?, &caller)?;
    let mut c = state.ctx.db().read().await?;
    let terms = filter.terms(&state);
    let preview = preview_refund::preview_return(&mut c, id, &terms, state.ctx.now()).await?;
    Ok(Json::new(RefundPreviewView::try_new(preview)?))
}

/// Preview the refund of one whole payment.
///
/// Decided as the refund is, without any change. 403 for the caller's own payment.
#[operation]
pub(crate) async fn preview_payment_refund(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<PaymentId>,
    Query(filter): Query<PreviewFilter>,
) -> Result<Json<RefundPreviewView>, Problem> {
    let payment = load_visible_payment(&state, &caller, id).await?;
    refuse_own(payment.user_id, &caller)?;
    let mut c = state.ctx.db().read().await?;
    let terms = filter.terms(&state);
    let preview = preview_refund::preview_payment_refund(&mut c, &payment, &terms, state.ctx.now()).await?;
    Ok(Json::new(RefundPreviewView::try_new(preview)?))
}
