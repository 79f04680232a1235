//! Handlers of payments.

use super::Subject;
use super::bookings::{RefundInput, load_visible_owner};
use super::checkouts;
use super::views::{self, PaymentView};
use crate::BookingState;
use crate::app::confirm_payment::{self, StaffDecision};
use crate::app::{cancel_booking, start_payment};
use crate::domain::aggregate::{NewPayment, Payment};
use crate::domain::{GatewayName, PaymentStatus};
use crate::store::payments::{self, ListKey};
use actix_web::http::StatusCode;
use actix_web::web;
use chassis::audit;
use db::DbConnection;
use domain::{BookingId, Line, Money, PaymentId, PaymentMethod, Timestamp, Unvalidated, UserId};
use http_api::{
    Caller, CommaSeparated, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Optional, Path, Problem, Query,
    StaffPage, TimeRange, operation,
};
use runtime::id;
use schemars::JsonSchema;
use serde::Deserialize;

/// Maximal length of a transfer's reference and of the reason of a failed payment.
const MAX_REFERENCE_CHARS: usize = 64;

/// A transfer's reference, or the reason of a failed payment.
pub(super) type Reference = Line<MAX_REFERENCE_CHARS>;

/// Request to start a payment.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct PayInput {
    amount: Money,
    method: PaymentMethod,
    /// The gateway of an online payment; required when there are several.
    gateway: Option<GatewayName>,
}

/// Filter of the list of payments.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct PaymentFilter {
    /// Only the payments of this member; for staff.
    user_id: Option<UserId>,
    booking_id: Option<BookingId>,
    status: Option<PaymentStatus>,
    /// Methods, separated by commas.
    #[schemars(with = "Option<String>")]
    method: Option<CommaSeparated<PaymentMethod>>,
    /// Started from this day or time on.
    from: Option<String>,
    /// Started until this day or time, inclusive.
    to: Option<String>,
}

/// Confirmation of a cash payment or a bank transfer.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ConfirmInput {
    /// Number of the bank transfer or the cash receipt; required for a bank transfer.
    reference: Option<Unvalidated<Reference>>,
}

/// Reason why a cash payment or a bank transfer was not received; `reference` is accepted as the reason.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct FailInput {
    reference: Option<Unvalidated<Reference>>,
    reason: Option<Unvalidated<Reference>>,
}

/// Start a payment.
///
/// The response of a pending online payment has the checkout data, with the gateway's page to open. 409 when the booking
/// takes no payments; 422 for an amount above what is payable, a method that is not allowed, a gateway that is not
/// available, or too many pending payments; 429 for too many online orders; 503 while the gateway does not answer: the
/// same request, or `POST /payments/{id}/checkout`, then continues the same payment.
#[operation]
pub(crate) async fn create(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(booking_id): Path<BookingId>,
    request: Idempotent<PayInput>,
) -> Result<Created<PaymentView>, Problem> {
    let owner = load_visible_owner(&state, &caller, booking_id).await?;
    let (input, request) = request.read().await?;
    let id: PaymentId = id::fresh();
    let gateway = checkouts::choose_gateway(&state.gateways, input.method, input.gateway)?;
    let new = NewPayment {
        id,
        amount: input.amount,
        method: input.method,
        by_owner: owner == caller.user_id,
        gateway: gateway.as_ref().map(|gateway| (gateway.name(), gateway.derived_order_id(id))),
    };
    let now = state.ctx.now();
    let started: Created<PaymentView> = request
        .run(&state.ctx, async |c| {
            start_payment::start(c, booking_id, &new, now).await?;
            let subject = Subject::Payment(id, owner);
            audit::record(c, &caller, now, "payment.start", subject, new.method.as_str()).await?;
            views::payment(c, id, &state.gateways).await
        })
        .await?;
    if gateway.is_none_or(|gateway| !gateway.name().needs_api_calls()) {
        return Ok(started);
    }
    let is_repeated = started.is_repeated();
    started.with_changed(async |view| checkouts::with_checkout(&state, view, is_repeated).await).await
}

/// List payments of the caller; for staff, of every member.
///
/// 422 `booking.bad_filter` for an invalid date or time.
#[operation]
pub(crate) async fn list(
    state: web::Data<BookingState>,
    caller: Caller,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<PaymentFilter>,
) -> Result<Json<Listing<PaymentView>>, Problem> {
    let user_id = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
    let TimeRange { from, until } =
        TimeRange::parse(filter.from.as_deref(), filter.to.as_deref(), "booking.bad_filter")?;
    let methods = filter.method.map(|CommaSeparated(methods)| methods.into_iter().collect());
    // The indexes of members and of bookings are in the order of ids, those of methods and of times in that of time.
    let has_owner = user_id.is_some() || filter.booking_id.is_some();
    let has_time_index = methods.is_some() || from.is_some() || until.is_some();
    let key = if has_time_index && !has_owner {
        ListKey::Time { after: page.after_time_and_id()? }
    } else {
        ListKey::Id { after: page.after_id()? }
    };
    let (booking_id, status) = (filter.booking_id, filter.status);
    let filter = payments::Filter { user_id, booking_id, status, methods, from, until };
    let mut c = state.ctx.db().read().await?;
    let rows = payments::list(&mut c, &filter, (key, order), page.fetch_limit()).await?;
    let cursor = |p: &Payment| match key {
        ListKey::Id { .. } => Cursor::Id(p.id.uuid()),
        ListKey::Time { .. } => Cursor::time_and_id(p.created_at, p.id.uuid()),
    };
    let listing = page.listing(rows, cursor, |p| p);
    let items = views::payments(&mut c, listing.items, &state.gateways).await?;
    Ok(Json::new(Listing { items, next_cursor: listing.next_cursor }))
}

/// The payment with this id. Errors with 404 when it does not exist or the caller may not see it.
pub(super) async fn load_visible_payment(
    state: &BookingState,
    caller: &Caller,
    id: PaymentId,
) -> Result<Payment, Problem> {
    let found = payments::find(&mut *state.ctx.db().read().await?, id).await?;
    let payment = found.ok_or_else(Problem::not_found)?;
    caller.require_may_see(payment.user_id)?;
    Ok(payment)
}

/// Read one payment.
///
/// 404 when it does not exist or the caller may not see it.
#[operation]
pub(crate) async fn get(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<PaymentId>,
) -> Result<Json<PaymentView>, Problem> {
    load_visible_payment(&state, &caller, id).await?;
    Ok(Json::new(views::payment(&mut *state.ctx.db().read().await?, id, &state.gateways).await?))
}

/// Confirm a cash payment or a bank transfer.
///
/// 403 for the caller's own payment; 409 for another method, or when the payment's status does not allow it; 422 for a
/// bank transfer without a reference.
#[operation]
pub(crate) async fn confirm(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<PaymentId>,
    request: Idempotent<Optional<ConfirmInput>>,
) -> Result<Json<PaymentView>, Problem> {
    let payment = load_visible_payment(&state, &caller, id).await?;
    // Staff must not confirm their own payment.
    refuse_own(payment.user_id, &caller)?;
    let (input, request) = request.read_with_code("booking.reference_invalid").await?;
    let reference = parse_reference("reference", input.reference.as_ref())?;
    let mut errors = FieldErrors::new();
    let has_reference = reference.is_some() || payment.method != PaymentMethod::BankTransfer;
    errors.require("reference", has_reference, "required", "a bank transfer needs a reference");
    errors.finish("booking.reference_invalid")?;
    let (decision, now) = (StaffDecision::Received { reference }, state.ctx.now());
    request
        .run(&state.ctx, async |c| {
            apply_staff_decision(c, &state, &caller, &payment, &decision, "payment.confirm", now).await
        })
        .await
}

/// Fail a cash payment or a bank transfer that was not received.
///
/// 403 for the caller's own payment; 409 for another method, or when the payment's status does not allow it.
#[operation]
pub(crate) async fn fail(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<PaymentId>,
    request: Idempotent<Optional<FailInput>>,
) -> Result<Json<PaymentView>, Problem> {
    let payment = load_visible_payment(&state, &caller, id).await?;
    refuse_own(payment.user_id, &caller)?;
    let (input, request) = request.read_with_code("booking.reference_invalid").await?;
    let text = input.reason.or(input.reference);
    let reason = parse_reference("reason", text.as_ref())?.unwrap_or_else(|| "not received".to_owned());
    let (decision, now) = (StaffDecision::NotReceived { reason }, state.ctx.now());
    request
        .run(&state.ctx, async |c| {
            apply_staff_decision(c, &state, &caller, &payment, &decision, "payment.fail", now).await
        })
        .await
}

/// Errors with 403 `booking.own` when the caller is this payer.
pub(super) fn refuse_own(payer: UserId, caller: &Caller) -> Result<(), Problem> {
    if payer == caller.user_id {
        let detail = "staff must not decide about their own payments and refunds";
        Err(Problem::new(StatusCode::FORBIDDEN, "booking.own", detail))
    } else {
        Ok(())
    }
}

/// Validates an optional line. Errors with `booking.reference_invalid` when it is empty or too long.
pub(super) fn parse_reference(field: &str, text: Option<&Unvalidated<Reference>>) -> Result<Option<String>, Problem> {
    let reference = text.map(Unvalidated::validate).transpose();
    let mut errors = FieldErrors::new();
    errors.require(field, reference.is_ok(), "length", format!("1 to {MAX_REFERENCE_CHARS} characters"));
    errors.finish("booking.reference_invalid")?;
    Ok(reference.ok().flatten().map(String::from))
}

async fn apply_staff_decision(
    c: &mut DbConnection,
    state: &BookingState,
    caller: &Caller,
    payment: &Payment,
    decision: &StaffDecision,
    action: &'static str,
    now: Timestamp,
) -> Result<PaymentView, Problem> {
    if confirm_payment::decide(c, payment.id, decision, now).await? {
        audit::record(c, caller, now, action, Subject::Payment(payment.id, payment.user_id), "").await?;
    }
    views::payment(c, payment.id, &state.gateways).await
}

/// Refund one whole payment.
///
/// 403 for the caller's own payment; 409 when the payment is not completed, or was refunded to another destination.
#[operation]
pub(crate) async fn refund(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<PaymentId>,
    request: Idempotent<Optional<RefundInput>>,
) -> Result<Json<PaymentView>, Problem> {
    let payment = load_visible_payment(&state, &caller, id).await?;
    refuse_own(payment.user_id, &caller)?;
    let (input, request) = request.read_with_code("booking.reason_invalid").await?;
    let terms = input.terms(&state)?;
    let now = state.ctx.now();
    request
        .run(&state.ctx, async |c| {
            if cancel_booking::refund_payment(c, id, &terms, now).await? {
                let subject = Subject::Payment(id, payment.user_id);
                audit::record(c, &caller, now, "payment.refund", subject, &terms.reason).await?;
            }
            views::payment(c, id, &state.gateways).await
        })
        .await
}
