//! Booking's part of the read graph: vehicles, bookings and payments.

use super::views::{self, PaymentView};
use super::{bookings, captures, instalments, payments, refunds, vehicles};
use crate::BookingState;
use crate::store;
use actix_web::web;
use domain::BookingId;
use graph::Part;
use http_api::Access::{Staff, User};
use http_api::{Problem, documented};

/// All fields of this service.
pub(crate) fn part(state: BookingState) -> Part {
    Part::new("booking", state)
        .rename("DeliveryView", "VehicleDelivery")
        .query("vehicles", User, documented!(vehicles::list))
        .query("vehicle", User, documented!(vehicles::get))
        .query("bookings", User, documented!(bookings::list))
        .query("booking", User, documented!(bookings::get))
        .query("payments", User, documented!(payments::list))
        .query("payment", User, documented!(payments::get))
        .query("instalments", Staff, documented!(instalments::list))
        .query("refunds", Staff, documented!(refunds::list))
        .query("captures", Staff, documented!(captures::list))
        .of_user("bookings", documented!(bookings::list))
        .of_user("payments", documented!(payments::list))
        .list(("Booking", "payments", "Its payments, newest first."), "id", read_payments)
        .inside("Booking", "instalments", "/emi/instalments")
        .user("Booking", "user", "user_id")
        .user("Payment", "user", "user_id")
}

async fn read_payments(
    state: web::Data<BookingState>,
    bookings: Vec<BookingId>,
) -> Result<Vec<(BookingId, PaymentView)>, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let rows = store::payments::list_for_bookings(c, &bookings).await?;
    let keys: Vec<BookingId> = rows.iter().map(|payment| payment.booking_id).collect();
    Ok(keys.into_iter().zip(views::payments(c, rows, &state.gateways).await?).collect())
}
