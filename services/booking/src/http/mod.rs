//! Routes of the booking service.

mod bookings;
mod captures;
mod checkouts;
mod deliveries;
mod documents;
pub(crate) mod graph;
mod instalments;
mod payment_methods;
mod payments;
mod payoffs;
mod queues;
mod receipt_taxes;
mod receipts;
mod refund_previews;
mod refunds;
mod stock;
mod vehicle_pictures;
mod vehicle_views;
mod vehicles;
mod views;
mod webhook_events;
mod webhook_queue;
mod webhooks;

use crate::BookingState;
use crate::domain::{RefundId, VehicleId, WebhookEventId};
use chassis::audit::AuditSubject;
use domain::{BookingId, PaymentId, UserId};
use http_api::Access::{Admin, Public, Staff, User};
use http_api::{Routes, documented};
pub use webhook_queue::WebhookQueue;

/// All routes of the service. Those of webhooks, captures and refunds stand before `/payments/{id}`, which would match
/// their names as ids.
pub fn routes(state: BookingState) -> Routes {
    Routes::new("booking")
        .data(state)
        .get("/vehicles", Public, documented!(vehicles::list))
        .get("/vehicles/all", Staff, documented!(vehicles::list_all))
        .get("/vehicles/{id}", Public, documented!(vehicles::get))
        .post("/vehicles", Admin, documented!(vehicles::create))
        .patch("/vehicles/{id}", Admin, documented!(vehicles::update))
        .post("/vehicles/{id}/stock-adjustments", Staff, documented!(stock::adjust))
        .post("/vehicles/{id}/pictures", Staff, documented!(vehicle_pictures::create))
        .get("/vehicles/{id}/pictures/{n}", Public, documented!(vehicle_pictures::get))
        .delete("/vehicles/{id}/pictures/{n}", Staff, documented!(vehicle_pictures::delete))
        .get("/vehicles/{id}/stock-adjustments", Staff, documented!(stock::list))
        .post("/bookings", User, documented!(bookings::create))
        .post("/bookings/quote", User, documented!(bookings::quote))
        .get("/bookings", User, documented!(bookings::list))
        .get("/bookings/instalments", Staff, documented!(instalments::list))
        .get("/bookings/{id}", User, documented!(bookings::get))
        .post("/bookings/{id}/emi", User, documented!(bookings::schedule_emi))
        .get("/bookings/{id}/emi", User, documented!(bookings::list_instalments))
        .get("/bookings/{id}/emi/schedule", User, documented!(documents::get_emi_schedule))
        .get("/bookings/{id}/confirmation", User, documented!(documents::get_confirmation))
        .get("/bookings/{id}/emi/quote", User, documented!(bookings::quote_emi))
        .get("/bookings/{id}/cancellation", User, documented!(refund_previews::preview_cancellation))
        .post("/bookings/{id}/cancel", User, documented!(bookings::cancel))
        .post("/bookings/{id}/deliver", Staff, documented!(deliveries::deliver))
        .get("/bookings/{id}/return", Staff, documented!(refund_previews::preview_return))
        .post("/bookings/{id}/return", Staff, documented!(deliveries::accept_return))
        .get("/bookings/{id}/payoff", User, documented!(payoffs::get))
        .post("/bookings/{id}/payments", User, documented!(payments::create))
        .get("/payments/methods", User, documented!(payment_methods::list))
        .get("/payments/instructions", User, documented!(payment_methods::get_instructions))
        .get("/payments/queue-counts", Staff, documented!(queues::count))
        .get("/payments/captures", Staff, documented!(captures::list))
        .get("/payments/captures/{gateway}/{gateway_payment_id}", Staff, documented!(captures::get))
        .post("/payments/captures/{gateway}/{gateway_payment_id}/resolve", Admin, documented!(captures::resolve))
        .get("/payments/webhook-events", Staff, documented!(webhook_events::list))
        .post("/payments/webhook-events/{id}/retry", Staff, documented!(webhook_events::retry))
        .get("/payments/gateway-refunds", Staff, documented!(refunds::list_reported))
        .get("/refunds", Staff, documented!(refunds::list))
        .post("/refunds/{id}/resolve", Staff, documented!(refunds::resolve))
        .post("/payments/webhooks/{gateway}", Public, documented!(webhooks::receive))
        .get("/payments", User, documented!(payments::list))
        .get("/payments/{id}", User, documented!(payments::get))
        .get("/documents/verify/B-{code}", Public, documented!(documents::verify))
        .get("/payments/{id}/receipt", User, documented!(receipts::get))
        .post("/payments/{id}/checkout", User, documented!(checkouts::open))
        .post("/payments/{id}/confirm", Staff, documented!(payments::confirm))
        .post("/payments/{id}/fail", Staff, documented!(payments::fail))
        .get("/payments/{id}/refund-preview", Admin, documented!(refund_previews::preview_payment_refund))
        .post("/payments/{id}/refund", Admin, documented!(payments::refund))
}

/// Subject of an audit record, with its owner.
enum Subject {
    Vehicle(VehicleId),
    Booking(BookingId, UserId),
    Payment(PaymentId, UserId),
    Refund(RefundId, UserId),
    /// With the gateway's id of the payment.
    Capture(String, UserId),
    WebhookEvent(WebhookEventId),
}

impl AuditSubject for Subject {
    const SERVICE: &'static str = "booking";

    fn into_parts(self) -> (&'static str, String, Option<UserId>) {
        match self {
            Self::Vehicle(id) => ("vehicle", id.to_string(), None),
            Self::Booking(id, owner) => ("booking", id.to_string(), Some(owner)),
            Self::Payment(id, owner) => ("payment", id.to_string(), Some(owner)),
            Self::Refund(id, owner) => ("refund", id.to_string(), Some(owner)),
            Self::Capture(id, owner) => ("capture", id, Some(owner)),
            Self::WebhookEvent(id) => ("webhook_event", id.to_string(), None),
        }
    }
}
