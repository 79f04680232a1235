//! Bookings.

use super::views::{self, BookingView, InstalmentView};
use crate::Booking;
use crate::app::book::{self, NewBooking};
use crate::app::cancel::{self, Terms};
use crate::app::schedule_emi;
use crate::domain::refund::Wish;
use crate::domain::{BookingStatus, VehicleId};
use crate::store::{bookings, instalments};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, FieldErrors, Idempotent, Page, Problem, Query, ok, path_id};
use domain::{BookingId, FreeText, Money, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

/// Longest reason for a cancellation or refund.
const LONGEST_REASON: usize = 500;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct BookInput {
    vehicle_id: VehicleId,
    booking_amount: Money,
    emi_months: Option<u32>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct BookingFilter {
    /// For staff: whose.
    user_id: Option<UserId>,
    status: Option<BookingStatus>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct EmiInput {
    months: u32,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Destination {
    Wallet,
    /// Where the gateway supports it; else the wallet.
    Source,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct RefundInput {
    reason: Option<FreeText>,
    refund_to: Option<Destination>,
}

impl RefundInput {
    pub(crate) fn terms(self, app: &Booking) -> Result<Terms, Problem> {
        let reason = self.reason.unwrap_or_default().trim().to_owned();
        let mut errors = FieldErrors::new();
        let fits = reason.chars().count() <= LONGEST_REASON;
        errors.require("reason", fits, "length", format!("at most {LONGEST_REASON} characters"));
        errors.require_readable("reason", &reason);
        errors.finish("booking.reason_invalid")?;
        let wish = match self.refund_to {
            None | Some(Destination::Wallet) => Wish::Wallet,
            Some(Destination::Source) => Wish::Source,
        };
        Ok(Terms { reason, wish, gateways: app.gateways.names() })
    }
}

pub(crate) async fn book(
    app: web::Data<Booking>,
    caller: Caller,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let input = body.json::<BookInput>().await?;
    let new = &NewBooking {
        user_id: caller.user_id,
        referrer: caller.referrer,
        vehicle_id: input.value.vehicle_id,
        booking_amount: input.value.booking_amount,
        emi_months: input.value.emi_months,
    };
    let now = app.ctx.now();
    idem.run(&app.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
        let made = book::book(c, new, now).await?;
        Ok(BookingView::new(made.booking, &made.instalments))
    })
    .await
}

pub(crate) async fn list(
    app: web::Data<Booking>,
    caller: Caller,
    page: Page,
    Query(given): Query<BookingFilter>,
) -> Result<HttpResponse, Problem> {
    let user_id = if caller.role.is_staff() { given.user_id } else { Some(caller.user_id) };
    let filter = bookings::Filter { user_id, status: given.status };
    let mut c = app.ctx.db().read().await?;
    let rows = bookings::page(&mut c, filter, page.after_id()?, page.fetch_limit()).await?;
    let listing = page.listing(rows, |b| Cursor::Id(b.id.uuid()), |b| b);
    let items = views::bookings(&mut c, listing.items).await?;
    Ok(ok(&chassis::http::Listing { items, next_cursor: listing.next_cursor }))
}

/// The id in the path, of a booking that the caller may see, and whose it is.
pub(super) async fn visible(app: &Booking, caller: &Caller, path: &str) -> Result<(BookingId, UserId), Problem> {
    let id = path_id(path)?;
    let owner = bookings::owner(&mut *app.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    caller.require_sight_of(owner)?;
    Ok((id, owner))
}

pub(crate) async fn one(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (id, _) = visible(&app, &caller, &path).await?;
    Ok(ok(&views::booking(&mut *app.ctx.db().read().await?, id).await?))
}

pub(crate) async fn instalments(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (id, _) = visible(&app, &caller, &path).await?;
    let rows = instalments::of(&mut *app.ctx.db().read().await?, id).await?;
    Ok(ok(&rows.iter().map(InstalmentView::from).collect::<Vec<_>>()))
}

pub(crate) async fn schedule(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let (id, owner) = visible(&app, &caller, &path).await?;
    let input = body.json::<EmiInput>().await?;
    let (caller, months, now) = (&caller, input.value.months, app.ctx.now());
    idem.run(&app.ctx, caller, &input.bytes, StatusCode::OK, async |c| {
        schedule_emi::schedule(c, id, months, now).await?;
        audit::record(c, "booking", caller, now, action("booking.schedule_emi", id, owner, "")).await?;
        let rows = instalments::of(c, id).await?;
        Ok(rows.iter().map(InstalmentView::from).collect::<Vec<_>>())
    })
    .await
}

pub(crate) async fn cancel(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let (id, owner) = visible(&app, &caller, &path).await?;
    let input = body.json_or_empty_or::<RefundInput>("booking.reason_invalid").await?;
    let terms = &input.value.terms(&app)?;
    let (caller, now) = (&caller, app.ctx.now());
    idem.run(&app.ctx, caller, &input.bytes, StatusCode::OK, async |c| {
        if cancel::cancel(c, id, terms, now).await? {
            audit::record(c, "booking", caller, now, action("booking.cancel", id, owner, &terms.reason)).await?;
        }
        views::booking(c, id).await
    })
    .await
}

fn action<'a>(name: &'static str, id: BookingId, owner: UserId, detail: &'a str) -> Action<'a> {
    Action { action: name, subject_type: "booking", subject_id: id.to_string(), subject_user: Some(owner), detail }
}
