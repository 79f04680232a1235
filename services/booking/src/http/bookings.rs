//! Handlers of bookings and their EMI schedules.

use super::views::{self, BookingView, InstalmentView};
use crate::BookingState;
use crate::app::cancel_booking::{self, RefundTerms};
use crate::app::create_booking::{self, NewBooking};
use crate::app::schedule_emi;
use crate::domain::refund::RefundPreference;
use crate::domain::{BookingStatus, VehicleId};
use crate::store::{bookings, instalments};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit::{self, StaffAction};
use chassis::auth::Caller;
use chassis::http::{Cursor, FieldErrors, IdempotencyKey, Page, Problem, Query, RawBody, ok, path_id};
use domain::{BookingId, Money, MultilineText, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

/// Maximal length of the reason of a cancellation or refund.
const MAX_REASON_CHARS: usize = 500;

/// Request to book a vehicle.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct BookInput {
    vehicle_id: VehicleId,
    booking_amount: Money,
    emi_months: Option<u32>,
}

/// Filter of the list of bookings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct BookingFilter {
    /// Only the bookings of this member; for staff.
    user_id: Option<UserId>,
    status: Option<BookingStatus>,
}

/// Request to add an EMI schedule.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct EmiInput {
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
    reason: Option<MultilineText>,
    refund_to: Option<RefundDestination>,
}

impl RefundInput {
    /// Validates the reason. Errors with `booking.reason_invalid`.
    pub(crate) fn terms(self, state: &BookingState) -> Result<RefundTerms, Problem> {
        let reason = self.reason.unwrap_or_default().trim().to_owned();
        let mut errors = FieldErrors::new();
        let fits = reason.chars().count() <= MAX_REASON_CHARS;
        errors.require("reason", fits, "length", format!("at most {MAX_REASON_CHARS} characters"));
        errors.require_readable("reason", &reason);
        errors.finish("booking.reason_invalid")?;
        let preference = match self.refund_to {
            None | Some(RefundDestination::Wallet) => RefundPreference::Wallet,
            Some(RefundDestination::Source) => RefundPreference::Source,
        };
        Ok(RefundTerms { reason, preference, gateways: state.gateways.names() })
    }
}

/// Creates a booking of the caller.
pub(crate) async fn create(
    state: web::Data<BookingState>,
    caller: Caller,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let input = body.json::<BookInput>().await?;
    let new = &NewBooking {
        user_id: caller.user_id,
        referrer: caller.referrer,
        vehicle_id: input.value.vehicle_id,
        booking_amount: input.value.booking_amount,
        emi_months: input.value.emi_months,
    };
    let now = state.ctx.now();
    idem.run(&state.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
        let aggregate = create_booking::create(c, new, now).await?;
        Ok(BookingView::new(aggregate.booking, &aggregate.instalments))
    })
    .await
}

/// Lists bookings: the caller's own, or those of all members for staff.
pub(crate) async fn list(
    state: web::Data<BookingState>,
    caller: Caller,
    page: Page,
    Query(filter): Query<BookingFilter>,
) -> Result<HttpResponse, Problem> {
    let user_id = if caller.role.is_staff() { filter.user_id } else { Some(caller.user_id) };
    let filter = bookings::Filter { user_id, status: filter.status };
    let mut c = state.ctx.db().read().await?;
    let rows = bookings::list(&mut c, filter, page.after_id()?, page.fetch_limit()).await?;
    let listing = page.listing(rows, |b| Cursor::Id(b.id.uuid()), |b| b);
    let items = views::bookings(&mut c, listing.items).await?;
    Ok(ok(&chassis::http::Listing { items, next_cursor: listing.next_cursor }))
}

/// The booking id in the path and the booking's owner. Errors with 404 when the booking does not exist or the caller
/// may not see it.
pub(super) async fn load_visible_booking(
    state: &BookingState,
    caller: &Caller,
    path: &str,
) -> Result<(BookingId, UserId), Problem> {
    let id = path_id(path)?;
    let owner = bookings::find_owner(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    caller.require_may_see(owner)?;
    Ok((id, owner))
}

/// Returns one booking.
pub(crate) async fn get(
    state: web::Data<BookingState>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (id, _) = load_visible_booking(&state, &caller, &path).await?;
    Ok(ok(&views::booking(&mut *state.ctx.db().read().await?, id).await?))
}

/// Returns the instalments of a booking.
pub(crate) async fn list_instalments(
    state: web::Data<BookingState>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (id, _) = load_visible_booking(&state, &caller, &path).await?;
    let rows = instalments::list_for_booking(&mut *state.ctx.db().read().await?, id).await?;
    Ok(ok(&rows.iter().map(InstalmentView::from).collect::<Vec<_>>()))
}

/// Adds an EMI schedule to a booking.
pub(crate) async fn schedule_emi(
    state: web::Data<BookingState>,
    caller: Caller,
    path: web::Path<String>,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let (id, owner) = load_visible_booking(&state, &caller, &path).await?;
    let input = body.json::<EmiInput>().await?;
    let (caller, months, now) = (&caller, input.value.months, state.ctx.now());
    idem.run(&state.ctx, caller, &input.bytes, StatusCode::OK, async |c| {
        schedule_emi::schedule(c, id, months, now).await?;
        audit::record(c, "booking", caller, now, action("booking.schedule_emi", id, owner, "")).await?;
        let rows = instalments::list_for_booking(c, id).await?;
        Ok(rows.iter().map(InstalmentView::from).collect::<Vec<_>>())
    })
    .await
}

/// Cancels a booking and refunds its payments.
pub(crate) async fn cancel(
    state: web::Data<BookingState>,
    caller: Caller,
    path: web::Path<String>,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let (id, owner) = load_visible_booking(&state, &caller, &path).await?;
    let input = body.json_or_empty_with_code::<RefundInput>("booking.reason_invalid").await?;
    let terms = &input.value.terms(&state)?;
    let (caller, now) = (&caller, state.ctx.now());
    idem.run(&state.ctx, caller, &input.bytes, StatusCode::OK, async |c| {
        if cancel_booking::cancel(c, id, terms, now).await? {
            audit::record(c, "booking", caller, now, action("booking.cancel", id, owner, &terms.reason)).await?;
        }
        views::booking(c, id).await
    })
    .await
}

fn action<'a>(name: &'static str, id: BookingId, owner: UserId, detail: &'a str) -> StaffAction<'a> {
    StaffAction { action: name, subject_type: "booking", subject_id: id.to_string(), subject_user: Some(owner), detail }
}
