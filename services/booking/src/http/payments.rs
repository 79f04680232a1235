//! Payments.

use super::bookings::{RefundInput, visible};
use super::views::{self, PaymentView};
use crate::Booking;
use crate::app::cancel;
use crate::app::capture;
use crate::app::confirm::{self, Verdict};
use crate::app::pay::{self, NewPayment};
use crate::domain::PaymentStatus;
use crate::domain::text::line;
use crate::error::BookingError;
use crate::store::payments::{self, Payment};
use crate::store::refunds;
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, FieldErrors, Idempotent, Listing, Page, Problem, Query, ok, path_id};
use chassis::id;
use db::DbConnection;
use domain::{BookingId, Money, PaymentId, PaymentMethod, PersonText, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

/// Longest reference of a transfer, and longest reason why none came.
const LONGEST_REFERENCE: usize = 64;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct PayInput {
    amount: Money,
    method: PaymentMethod,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct PaymentFilter {
    /// For staff: whose.
    user_id: Option<UserId>,
    booking_id: Option<BookingId>,
    status: Option<PaymentStatus>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ConfirmInput {
    /// Of the transfer or the receipt; required for a bank transfer.
    reference: Option<PersonText>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct FailInput {
    reference: Option<PersonText>,
    reason: Option<PersonText>,
}

pub(crate) async fn pay(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let (booking_id, owner) = visible(&app, &caller, &path).await?;
    let input = body.json::<PayInput>().await?;
    let id: PaymentId = id::fresh();
    let new = &NewPayment {
        id,
        booking_id,
        amount: input.value.amount,
        method: input.value.method,
        by_owner: owner == caller.user_id,
        gateway: app.gateways.preferred().map(|g| (g.name(), g.known_order(id))),
    };
    let (app_ref, caller_ref, now) = (&app, &caller, app.ctx.now());
    let answer = idem
        .run(&app.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
            pay::pay(c, new, now).await?;
            let act = action("payment.start", new.id, owner, new.method.as_str());
            audit::record(c, "booking", caller_ref, now, act).await?;
            views::payment(c, new.id, &app_ref.gateways).await
        })
        .await?;
    with_order(&app, answer).await
}

/// Where the gateway has to be asked for an order, asks it after the payment is committed and before the
/// answer is given; a repeated request that finds no order yet asks again.
async fn with_order(app: &Booking, answer: HttpResponse) -> Result<HttpResponse, Problem> {
    if app.gateways.preferred().is_none_or(|g| !g.name().needs_calls()) {
        return Ok(answer);
    }
    let (answer, body) = answer.into_parts();
    let bytes = to_bytes(body).await.map_err(|e| Problem::internal(e.to_string()))?;
    let mut view: PaymentView = serde_json::from_slice(&bytes).map_err(Problem::internal)?;
    let Some(name) = view.waits_for_order() else { return Ok(answer.set_body(bytes).map_into_boxed_body()) };
    let noted = payments::find(&mut *app.ctx.db().read().await?, view.id).await?.ok_or_else(Problem::not_found)?;
    let payment = if noted.gateway_order_id.is_some() { noted } else { ask_for_order(app, &noted).await? };
    // A newer order may have superseded it meanwhile: then there is nothing to pay.
    view.status = payment.status;
    view.checkout = payment
        .gateway_order_id
        .as_deref()
        .filter(|_| payment.status == PaymentStatus::Pending)
        .map(|order| app.gateways.checkout(name, order, payment.id, payment.amount_paise));
    let bytes = serde_json::to_vec(&view).map_err(Problem::internal)?;
    Ok(answer.set_body(bytes).map_into_boxed_body())
}

async fn ask_for_order(app: &Booking, payment: &Payment) -> Result<Payment, Problem> {
    let gateway = payment.gateway.and_then(|name| app.gateways.get(name)).ok_or(BookingError::OnlineUnavailable)?;
    let order = &gateway.create_order(payment.id, payment.amount_paise).await?;
    let (id, now) = (payment.id, app.ctx.now());
    app.ctx.tx(async |c| Ok::<_, Problem>(capture::attach_order(c, id, order, now).await?)).await
}

pub(crate) async fn list(
    app: web::Data<Booking>,
    caller: Caller,
    page: Page,
    Query(given): Query<PaymentFilter>,
) -> Result<HttpResponse, Problem> {
    let user_id = if caller.role.is_staff() { given.user_id } else { Some(caller.user_id) };
    let filter = payments::Filter { user_id, booking_id: given.booking_id, status: given.status };
    let mut c = app.ctx.db().read().await?;
    let rows = payments::page(&mut c, filter, page.after_id()?, page.fetch_limit()).await?;
    let listing = page.listing(rows, |p| Cursor::Id(p.id.uuid()), |p| p);
    let ids: Vec<PaymentId> = listing.items.iter().map(|p| p.id).collect();
    let refunds = refunds::of_payments(&mut c, &ids).await?;
    let view = |payment: Payment| {
        let refund = refunds.iter().find(|r| r.payment_id == payment.id).cloned();
        PaymentView::new(payment, refund, &app.gateways)
    };
    let items: Vec<_> = listing.items.into_iter().map(view).collect();
    Ok(ok(&Listing { items, next_cursor: listing.next_cursor }))
}

/// The payment in the path, if the caller may see it.
pub(super) async fn seen(app: &Booking, caller: &Caller, path: &str) -> Result<Payment, Problem> {
    let found = payments::find(&mut *app.ctx.db().read().await?, path_id(path)?).await?;
    let payment = found.ok_or_else(Problem::not_found)?;
    caller.require_sight_of(payment.user_id)?;
    Ok(payment)
}

pub(crate) async fn one(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let payment = seen(&app, &caller, &path).await?;
    Ok(ok(&views::payment(&mut *app.ctx.db().read().await?, payment.id, &app.gateways).await?))
}

pub(crate) async fn confirm(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let payment = seen(&app, &caller, &path).await?;
    // Cash that only its payer has seen is no cash: somebody else says that it came.
    not_own(&payment, &caller)?;
    let input = body.json_or_empty_or::<ConfirmInput>("booking.reference_invalid").await?;
    let reference = line_of("reference", input.value.reference.as_deref())?;
    let mut errors = FieldErrors::new();
    let named = reference.is_some() || payment.method != PaymentMethod::BankTransfer;
    errors.require("reference", named, "required", "a bank transfer is confirmed with its reference");
    errors.finish("booking.reference_invalid")?;
    let (payment, app, caller, now) = (&payment, &app, &caller, app.ctx.now());
    let verdict = &Verdict::Received { reference };
    idem.run(&app.ctx, caller, &input.bytes, StatusCode::OK, async |c| {
        decide(c, app, caller, payment, verdict, "payment.confirm", now).await
    })
    .await
}

pub(crate) async fn fail(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let payment = seen(&app, &caller, &path).await?;
    not_own(&payment, &caller)?;
    let input = body.json_or_empty_or::<FailInput>("booking.reference_invalid").await?;
    let text = input.value.reason.or(input.value.reference);
    let reason = line_of("reason", text.as_deref())?.unwrap_or_else(|| "not received".to_owned());
    let (payment, app, caller, now) = (&payment, &app, &caller, app.ctx.now());
    let verdict = &Verdict::NotReceived { reason };
    idem.run(&app.ctx, caller, &input.bytes, StatusCode::OK, async |c| {
        decide(c, app, caller, payment, verdict, "payment.fail", now).await
    })
    .await
}

/// Staff decide about nobody's money that is their own.
pub(super) fn own() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "booking.own", "staff do not decide about payments and refunds of their own")
}

fn not_own(payment: &Payment, caller: &Caller) -> Result<(), Problem> {
    if payment.user_id == caller.user_id { Err(own()) } else { Ok(()) }
}

pub(super) fn line_of(field: &str, text: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let cleaned = line(text, LONGEST_REFERENCE);
    let mut errors = FieldErrors::new();
    errors.require(field, cleaned.is_some(), "length", format!("1 to {LONGEST_REFERENCE} characters"));
    errors.finish("booking.reference_invalid")?;
    Ok(cleaned)
}

async fn decide(
    c: &mut DbConnection,
    app: &Booking,
    caller: &Caller,
    payment: &Payment,
    verdict: &Verdict,
    name: &'static str,
    now: Timestamp,
) -> Result<PaymentView, Problem> {
    if confirm::confirm(c, payment.id, verdict, now).await? {
        audit::record(c, "booking", caller, now, action(name, payment.id, payment.user_id, "")).await?;
    }
    views::payment(c, payment.id, &app.gateways).await
}

pub(crate) async fn refund(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let payment = seen(&app, &caller, &path).await?;
    not_own(&payment, &caller)?;
    let input = body.json_or_empty_or::<RefundInput>("booking.reason_invalid").await?;
    let terms = &input.value.terms(&app)?;
    let (payment, app, caller, now) = (&payment, &app, &caller, app.ctx.now());
    idem.run(&app.ctx, caller, &input.bytes, StatusCode::OK, async |c| {
        if cancel::refund(c, payment.id, terms, now).await? {
            let act = action("payment.refund", payment.id, payment.user_id, &terms.reason);
            audit::record(c, "booking", caller, now, act).await?;
        }
        views::payment(c, payment.id, &app.gateways).await
    })
    .await
}

fn action<'a>(name: &'static str, id: PaymentId, owner: UserId, detail: &'a str) -> Action<'a> {
    Action { action: name, subject_type: "payment", subject_id: id.to_string(), subject_user: Some(owner), detail }
}
