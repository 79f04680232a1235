//! Routes of the booking service.

mod bookings;
mod captures;
mod payments;
mod receipts;
mod refunds;
mod vehicles;
mod views;
mod webhook_events;
mod webhook_queue;
mod webhooks;

use crate::BookingState;
use http_api::Access::{Admin, Public, Staff, User};
use http_api::{Routes, documented};
pub use webhook_queue::WebhookQueue;

/// All routes of the service. Those of webhooks, captures and refunds stand before `/payments/{id}`, which would match
/// their names as ids.
pub fn routes(state: BookingState) -> Routes {
    Routes::new("booking")
        .data(state)
        .get("/vehicles", Public, documented!(vehicles::list))
        .get("/vehicles/{id}", Public, documented!(vehicles::get))
        .post("/vehicles", Admin, documented!(vehicles::create))
        .patch("/vehicles/{id}", Admin, documented!(vehicles::update))
        .post("/bookings", User, documented!(bookings::create))
        .get("/bookings", User, documented!(bookings::list))
        .get("/bookings/{id}", User, documented!(bookings::get))
        .post("/bookings/{id}/emi", User, documented!(bookings::schedule_emi))
        .get("/bookings/{id}/emi", User, documented!(bookings::list_instalments))
        .post("/bookings/{id}/cancel", User, documented!(bookings::cancel))
        .post("/bookings/{id}/payments", User, documented!(payments::create))
        .get("/payments/captures", Staff, documented!(captures::list))
        .get("/payments/webhook-events", Staff, documented!(webhook_events::list))
        .post("/payments/webhook-events/{id}/retry", Staff, documented!(webhook_events::retry))
        .get("/payments/gateway-refunds", Staff, documented!(refunds::list_reported))
        .get("/refunds", Staff, documented!(refunds::list))
        .post("/refunds/{id}/resolve", Staff, documented!(refunds::resolve))
        .post("/payments/webhooks/{gateway}", Public, documented!(webhooks::receive))
        .get("/payments", User, documented!(payments::list))
        .get("/payments/{id}", User, documented!(payments::get))
        .get("/payments/{id}/receipt", User, documented!(receipts::get))
        .post("/payments/{id}/confirm", Staff, documented!(payments::confirm))
        .post("/payments/{id}/fail", Staff, documented!(payments::fail))
        .post("/payments/{id}/refund", Admin, documented!(payments::refund))
}
