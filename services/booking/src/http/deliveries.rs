//! Handlers of the delivery of a vehicle and of its return.

use super::Subject;
use super::bookings::{RefundInput, load_visible_owner};
use super::payments::refuse_own;
use super::views::{self, BookingView};
use crate::BookingState;
use crate::app::{cancel_booking, deliver_vehicle};
use crate::domain::DocumentId;
use crate::domain::aggregate::Delivery;
use crate::domain::vehicle_number::VehicleNumber;
use actix_web::web;
use chassis::audit;
use domain::{BookingId, Day};
use http_api::{Caller, FieldErrors, Idempotent, Json, Optional, Path, Problem, operation};
use schemars::JsonSchema;
use serde::Deserialize;

/// Delivery of a vehicle.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DeliveryInput {
    delivered_on: Day,
    /// Vehicle identification or chassis number: 5 to 32 letters, digits and hyphens.
    vehicle_number: String,
    /// The document that proves the delivery: one of the buyer, which staff may upload for them.
    document_id: Option<DocumentId>,
}

/// Deliver the vehicle of a booking that is paid in full.
///
/// A delivered booking stays as it is. 403 for the caller's own booking. 409 with `booking.state` when its status does
/// not allow it, and with `booking.vehicle_number_used` when the vehicle is delivered for another booking. 422 with
/// `booking.delivery_invalid` when the number is malformed or the day is not between the booking and today, and with
/// `booking.delivery_document` when the document is not one of the buyer or proves another delivery.
#[operation]
pub(crate) async fn deliver(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
    request: Idempotent<DeliveryInput>,
) -> Result<Json<BookingView>, Problem> {
    let owner = load_visible_owner(&state, &caller, id).await?;
    refuse_own(owner, &caller)?;
    let (input, request) = request.read_with_code("booking.delivery_invalid").await?;
    let mut errors = FieldErrors::new();
    let number = VehicleNumber::parse(&input.vehicle_number);
    let rule = number.as_ref().err().map(ToString::to_string).unwrap_or_default();
    errors.require("vehicle_number", number.is_ok(), "format", rule);
    errors.finish("booking.delivery_invalid")?;
    let vehicle_number = number.map_err(Problem::internal)?;
    let delivery = &Delivery { on: input.delivered_on, vehicle_number, document_id: input.document_id };
    let now = state.ctx.now();
    let applied = state.ctx.applied_events();
    applied
        .await_projection(async || {
            request
                .run(&state.ctx, async |c| {
                    if deliver_vehicle::deliver(c, id, delivery, now).await? {
                        let detail = format!("{} on {}", delivery.vehicle_number, delivery.on);
                        audit::record(c, &caller, now, "booking.deliver", Subject::Booking(id, owner), &detail).await?;
                    }
                    views::booking(c, id).await
                })
                .await
        })
        .await
}

/// Accept the return of a vehicle and refund the payments of its booking.
///
/// A returned booking stays as it is. 403 for the caller's own booking. 409 with `booking.state` unless it is completed
/// or delivered.
#[operation]
pub(crate) async fn accept_return(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
    request: Idempotent<Optional<RefundInput>>,
) -> Result<Json<BookingView>, Problem> {
    let owner = load_visible_owner(&state, &caller, id).await?;
    refuse_own(owner, &caller)?;
    let (input, request) = request.read_with_code("booking.reason_invalid").await?;
    let terms = input.terms(&state)?;
    let now = state.ctx.now();
    request
        .run(&state.ctx, async |c| {
            if cancel_booking::accept_return(c, id, &terms, now).await? {
                audit::record(c, &caller, now, "booking.return", Subject::Booking(id, owner), &terms.reason).await?;
            }
            views::booking(c, id).await
        })
        .await
}
