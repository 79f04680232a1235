//! Handlers of captures, for staff.

use super::Subject;
use super::payments::refuse_own;
use crate::BookingState;
use crate::app::resolve_capture::{self, CaptureResolution, CaptureTarget};
use crate::domain::{CaptureOutcome, GatewayName};
use crate::store::captures::{self, Capture, CaptureCursor};
use crate::store::{members, payments};
use actix_web::web;
use chassis::audit;
use domain::bounded_text::MAX_REASON_CHARS;
use domain::{Money, PaymentId, Reason, Timestamp, Unvalidated, UserId};
use http_api::{
    Caller, Cursor, FieldErrors, Idempotent, Json, Listing, Path, Problem, Query, StaffPage, bad_cursor, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Filter of the list of captures.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct CaptureFilter {
    outcome: Option<CaptureOutcome>,
}

/// A payment that a gateway reported as captured.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CaptureView {
    gateway: GatewayName,
    gateway_payment_id: String,
    /// Empty when the gateway reports no order.
    order_id: String,
    payment_id: Option<PaymentId>,
    /// In hundredths of the currency.
    amount: Money,
    currency: String,
    outcome: CaptureOutcome,
    /// When this service recorded it.
    captured_at: Timestamp,
    /// Capture time, when the gateway reports one.
    taken_at: Option<Timestamp>,
    resolution: Option<CaptureResolutionView>,
}

/// A decision of staff about a capture of an unknown order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CaptureResolutionView {
    by: UserId,
    at: Timestamp,
    reason: String,
    /// The member whose wallet was credited; null when a payment got the capture.
    user_id: Option<UserId>,
}

/// What gets the money of a capture.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum CaptureDestination {
    Payment,
    Wallet,
}

/// A decision about a capture of an unknown order.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ResolveCaptureInput {
    to: CaptureDestination,
    /// The pending payment that gets the capture; only with `payment`.
    payment_id: Option<PaymentId>,
    /// The member whose wallet is credited; only with `wallet`.
    user_id: Option<UserId>,
    reason: Unvalidated<Reason>,
}

impl From<Capture> for CaptureView {
    fn from(capture: Capture) -> Self {
        let user_id = capture.credited_user_id;
        let resolution = capture
            .resolved_by
            .zip(capture.resolved_at)
            .zip(capture.resolution_reason)
            .map(|((by, at), reason)| CaptureResolutionView { by, at, reason, user_id });
        Self {
            gateway: capture.gateway,
            gateway_payment_id: capture.gateway_payment_id,
            order_id: capture.order_id,
            payment_id: capture.payment_id,
            amount: capture.amount_paise,
            currency: capture.currency,
            outcome: capture.outcome,
            captured_at: capture.captured_at,
            taken_at: capture.taken_at,
            resolution,
        }
    }
}

fn parse_cursor((micros, key): (i64, &str)) -> Result<CaptureCursor, Problem> {
    let parts = Timestamp::from_micros(micros).zip(key.split_once('/'));
    let (captured_at, (gateway, id)) = parts.ok_or_else(bad_cursor)?;
    Ok(CaptureCursor { captured_at, gateway_payment_id: id.to_owned(), gateway: gateway.to_owned() })
}

/// List payments captured by gateways.
///
/// A capture with the outcome `unknown_order` matches no payment.
#[operation]
pub(crate) async fn list(
    state: web::Data<BookingState>,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<CaptureFilter>,
) -> Result<Json<Listing<CaptureView>>, Problem> {
    let after = page.after_row()?.map(parse_cursor).transpose()?;
    let mut c = state.ctx.db().read().await?;
    let rows = captures::list(&mut c, filter.outcome, order, after.as_ref(), page.fetch_limit()).await?;
    let cursor = |capture: &Capture| Cursor::Row {
        micros: capture.captured_at.micros(),
        key: format!("{}/{}", capture.gateway, capture.gateway_payment_id),
    };
    Ok(Json::new(page.listing(rows, cursor, CaptureView::from)))
}

/// The capture with this id. Errors with 404 when it does not exist.
async fn load(state: &BookingState, gateway: GatewayName, id: &str) -> Result<Capture, Problem> {
    let found = captures::find(&mut *state.ctx.db().read().await?, gateway, id).await?;
    found.ok_or_else(Problem::not_found)
}

/// Read one capture.
///
/// 404 when it does not exist.
#[operation]
pub(crate) async fn get(
    state: web::Data<BookingState>,
    Path((gateway, id)): Path<(GatewayName, String)>,
) -> Result<Json<CaptureView>, Problem> {
    Ok(Json::new(load(&state, gateway, &id).await?.into()))
}

impl ResolveCaptureInput {
    /// Validates the fields and finds the payer. Errors with `booking.resolution_invalid`.
    async fn validate(&self, state: &BookingState, caller: &Caller) -> Result<(CaptureResolution, UserId), Problem> {
        let mut c = state.ctx.db().read().await?;
        let (target, payer) = match (self.to, self.payment_id, self.user_id) {
            (CaptureDestination::Payment, Some(id), None) => {
                (Some(CaptureTarget::Payment(id)), payments::find(&mut c, id).await?.map(|p| p.user_id))
            }
            (CaptureDestination::Wallet, None, Some(id)) => {
                (Some(CaptureTarget::Wallet(id)), members::find(&mut c, id).await?.map(|m| m.user_id))
            }
            (CaptureDestination::Payment | CaptureDestination::Wallet, _, _) => (None, None),
        };
        let mut errors = FieldErrors::new();
        let reason = self.reason.validate();
        errors.require("reason", reason.is_ok(), "length", format!("1 to {MAX_REASON_CHARS} characters"));
        errors.require("to", target.is_some(), "target", "payment needs payment_id alone, wallet user_id alone");
        let field = match self.to {
            CaptureDestination::Payment => "payment_id",
            CaptureDestination::Wallet => "user_id",
        };
        errors.require(field, target.is_none() || payer.is_some(), "unknown", "this id is not known");
        errors.finish("booking.resolution_invalid")?;
        let (Some((target, payer)), Ok(reason)) = (target.zip(payer), reason) else {
            return Err(Problem::internal("an invalid resolution passed its checks"));
        };
        Ok((CaptureResolution { target, reason: reason.into(), by: caller.user_id }, payer))
    }
}

/// Resolve a capture of an unknown order: a pending payment gets it, or a member's wallet.
///
/// A payment needs an order at the same gateway and the amount of the capture, and is completed as if its order were
/// the one of the capture. 403 for the caller's own payment or wallet; 409 `booking.capture_state` when the capture is
/// placed or resolved already, or is not in rupees, and `booking.payment_state` when the payment is not pending; 422
/// when the amount or the gateway differs.
#[operation]
pub(crate) async fn resolve(
    state: web::Data<BookingState>,
    caller: Caller,
    Path((gateway, id)): Path<(GatewayName, String)>,
    request: Idempotent<ResolveCaptureInput>,
) -> Result<Json<CaptureView>, Problem> {
    load(&state, gateway, &id).await?;
    let (input, request) = request.read_with_code("booking.resolution_invalid").await?;
    let (resolution, payer) = input.validate(&state, &caller).await?;
    refuse_own(payer, &caller)?;
    let now = state.ctx.now();
    request
        .run(&state.ctx, async |c| {
            let capture = resolve_capture::resolve(c, (gateway, &id), &resolution, now).await?;
            let subject = Subject::Capture(id.clone(), payer);
            audit::record(c, &caller, now, "capture.resolve", subject, &resolution.reason).await?;
            Ok(CaptureView::from(capture))
        })
        .await
}
