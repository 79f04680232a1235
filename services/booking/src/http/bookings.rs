//! Handlers of bookings and their EMI schedules.

use super::Subject;
use super::views::{self, BookingQuoteView, BookingView, InstalmentView};
use crate::BookingState;
use crate::app::cancel_booking;
use crate::app::create_booking::{self, BookingRequest};
use crate::app::schedule_emi::{quote_schedule, schedule};
use crate::domain::aggregate::RefundTerms;
use crate::domain::refund::{RefundActor, RefundPreference};
use crate::domain::{BookingStatus, VehicleId};
use crate::error::BookingError;
use crate::store::bookings;
use actix_web::web;
use chassis::audit;
use domain::bounded_text::MAX_REASON_CHARS;
use domain::gst::StateCode;
use domain::{BookingId, Money, Reason, Unvalidated, UserId};
use http_api::{
    Body, Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Optional, Path, Problem, Query, StaffPage,
    operation,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// Request to book a vehicle.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct BookInput {
    vehicle_id: VehicleId,
    booking_amount: Money,
    emi_months: Option<u32>,
    /// GST code of the state where the vehicle is delivered; the company's when it is left out.
    delivery_state: Option<StateCode>,
}

/// Filter of the list of bookings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct BookingFilter {
    /// Only the bookings of this member; for staff.
    user_id: Option<UserId>,
    status: Option<BookingStatus>,
    /// The exact number of a booking, such as `EV-261122-7K3QF9XA`.
    number: Option<String>,
}

/// Request to add an EMI schedule.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct EmiInput {
    months: u32,
}

/// Number of instalments to quote.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct EmiQuoteFilter {
    months: u32,
}

/// Requested destination of a refund.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundDestination {
    Wallet,
    /// Through the gateway that captured the payment; to the wallet when that is not possible.
    Source,
}

/// Reason and requested destination of a cancellation or refund.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct RefundInput {
    reason: Option<Unvalidated<Reason>>,
    refund_to: Option<RefundDestination>,
}

impl RefundDestination {
    /// The terms of a person's request, where the wallet is the default.
    pub(super) fn terms(requested: Option<Self>, reason: String, state: &BookingState) -> RefundTerms {
        let preference = match requested {
            None | Some(Self::Wallet) => RefundPreference::Wallet,
            Some(Self::Source) => RefundPreference::Source,
        };
        RefundTerms { reason, preference, gateways: state.gateways.names(), requested_by: RefundActor::Person }
    }
}

impl RefundInput {
    /// Validates the reason. Errors with `booking.reason_invalid`.
    pub(crate) fn terms(self, state: &BookingState) -> Result<RefundTerms, Problem> {
        let reason = self.reason.map_or(Ok(None), |reason| reason.validate_unless_blank());
        let mut errors = FieldErrors::new();
        errors.require("reason", reason.is_ok(), "length", format!("at most {MAX_REASON_CHARS} characters"));
        errors.finish("booking.reason_invalid")?;
        let reason = reason.ok().flatten().map(String::from).unwrap_or_default();
        Ok(RefundDestination::terms(self.refund_to, reason, state))
    }
}

impl BookInput {
    fn to_request(&self, caller: &Caller) -> BookingRequest {
        BookingRequest {
            user_id: caller.user_id,
            referrer: caller.referrer,
            vehicle_id: self.vehicle_id,
            booking_amount: self.booking_amount,
            emi_months: self.emi_months,
            place_of_supply: self.delivery_state.clone(),
        }
    }
}

/// Quote a booking, without making it.
///
/// Due dates are those of a booking that is confirmed today. Refused as the booking itself is.
#[operation]
pub(crate) async fn quote(
    state: web::Data<BookingState>,
    caller: Caller,
    body: Body<BookInput>,
) -> Result<Json<BookingQuoteView>, Problem> {
    let request = body.read().await?.to_request(&caller);
    let now = state.ctx.now();
    let quote = create_booking::quote(&mut *state.ctx.db().read().await?, &request, now).await?;
    let terms = state.config.gst.as_ref();
    let tax =
        terms.map(|gst| gst.decide_tax(Money::ZERO, now.day(), None, request.place_of_supply.as_ref())).transpose();
    let taxed_in = tax.map_err(BookingError::from)?.flatten().map(|line| line.place_of_supply);
    Ok(Json::new(BookingQuoteView::from(quote).taxed_in(taxed_in)))
}

/// Book a vehicle.
///
/// 409 with `booking.sold_out` when no unit is left. 422 when no vehicle with that id is on sale, when the booking
/// amount is too small or above the price, or when the remaining amount cannot be divided into that many instalments.
#[operation]
pub(crate) async fn create(
    state: web::Data<BookingState>,
    caller: Caller,
    request: Idempotent<BookInput>,
) -> Result<Created<BookingView>, Problem> {
    let (input, request) = request.read().await?;
    let new = input.to_request(&caller);
    let now = state.ctx.now();
    request
        .run(&state.ctx, async |c| {
            let (booking, instalments) = create_booking::create(c, &new, now).await?;
            Ok(BookingView::new(booking, &instalments, &[]))
        })
        .await
}

/// List bookings of the caller; for staff, of every member.
#[operation]
pub(crate) async fn list(
    state: web::Data<BookingState>,
    caller: Caller,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<BookingFilter>,
) -> Result<Json<Listing<BookingView>>, Problem> {
    let user_id = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
    let filter = bookings::Filter { user_id, status: filter.status, number: filter.number };
    let mut c = state.ctx.db().read().await?;
    let rows = bookings::list(&mut c, filter, order, page.after_id()?, page.fetch_limit()).await?;
    let listing = page.listing(rows, |b| Cursor::Id(b.id.uuid()), |b| b);
    let items = views::bookings(&mut c, listing.items).await?;
    Ok(Json::new(Listing { items, next_cursor: listing.next_cursor }))
}

/// The owner of a booking. Errors with 404 when the booking does not exist or the caller may not see it.
pub(super) async fn load_visible_owner(
    state: &BookingState,
    caller: &Caller,
    id: BookingId,
) -> Result<UserId, Problem> {
    let owner = bookings::find_owner(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    caller.require_may_see(owner)?;
    Ok(owner)
}

/// Read one booking.
///
/// 404 when it does not exist or the caller may not see it.
#[operation]
pub(crate) async fn get(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
) -> Result<Json<BookingView>, Problem> {
    load_visible_owner(&state, &caller, id).await?;
    Ok(Json::new(views::booking(&mut *state.ctx.db().read().await?, id).await?))
}

/// List the instalments of a booking.
///
/// 404 when the booking does not exist or the caller may not see it.
#[operation]
pub(crate) async fn list_instalments(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
) -> Result<Json<Vec<InstalmentView>>, Problem> {
    load_visible_owner(&state, &caller, id).await?;
    Ok(Json::new(views::instalments(&mut *state.ctx.db().read().await?, id).await?))
}

/// Add an EMI schedule for the remaining amount.
///
/// 409 when the booking has a schedule already or is closed; 422 when the remaining amount cannot be divided
/// into that many instalments.
#[operation]
pub(crate) async fn schedule_emi(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
    request: Idempotent<EmiInput>,
) -> Result<Json<Vec<InstalmentView>>, Problem> {
    let owner = load_visible_owner(&state, &caller, id).await?;
    let (input, request) = request.read().await?;
    let now = state.ctx.now();
    request
        .run(&state.ctx, async |c| {
            schedule(c, id, input.months, now).await?;
            audit::record(c, &caller, now, "booking.schedule_emi", Subject::Booking(id, owner), "").await?;
            views::instalments(c, id).await
        })
        .await
}

/// Quote an EMI schedule for the remaining amount, without adding it.
///
/// Due dates of a booking that is not confirmed are those of one that is confirmed today. Refused as the schedule itself
/// is.
#[operation]
pub(crate) async fn quote_emi(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
    Query(EmiQuoteFilter { months }): Query<EmiQuoteFilter>,
) -> Result<Json<BookingQuoteView>, Problem> {
    load_visible_owner(&state, &caller, id).await?;
    let mut c = state.ctx.db().read().await?;
    Ok(Json::new(quote_schedule(&mut c, id, months, state.ctx.now()).await?.into()))
}

/// Cancel a booking and refund its payments.
///
/// A booking that is cancelled already stays as it is. 409 with `booking.state` when its status does not allow it.
#[operation]
pub(crate) async fn cancel(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
    request: Idempotent<Optional<RefundInput>>,
) -> Result<Json<BookingView>, Problem> {
    let owner = load_visible_owner(&state, &caller, id).await?;
    let (input, request) = request.read_with_code("booking.reason_invalid").await?;
    let terms = input.terms(&state)?;
    let now = state.ctx.now();
    request
        .run(&state.ctx, async |c| {
            if cancel_booking::cancel(c, id, &terms, now).await? {
                let subject = Subject::Booking(id, owner);
                audit::record(c, &caller, now, "booking.cancel", subject, &terms.reason).await?;
            }
            views::booking(c, id).await
        })
        .await
}
