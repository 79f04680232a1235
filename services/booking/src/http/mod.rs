//! The route table.

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

use crate::Booking;
use chassis::auth::Access::{Admin, Public, Staff, User};
use chassis::http::{Doc, Listing, Routes};
pub use webhook_queue::WebhookQueue;

use views::{BookingView, InstalmentView, PaymentView, RefundView, VehicleView};

pub fn routes(state: Booking) -> Routes {
    let routes = Routes::new("booking").data(state);
    payment_routes(gateway_routes(booking_routes(vehicle_routes(routes))))
}

fn vehicle_routes(routes: Routes) -> Routes {
    routes
        .get(
            "/vehicles",
            Public,
            vehicles::list,
            Doc::new("The vehicles on sale").paged().gives::<Listing<VehicleView>>(),
        )
        .get("/vehicles/{id}", Public, vehicles::one, Doc::new("One vehicle").gives::<VehicleView>())
        .post(
            "/vehicles",
            Admin,
            vehicles::add,
            Doc::new("Add a vehicle").idempotent().takes::<vehicles::AddVehicle>().creates::<VehicleView>(),
        )
        .patch(
            "/vehicles/{id}",
            Admin,
            vehicles::change,
            Doc::new("Change a vehicle; bookings keep their price")
                .takes::<vehicles::ChangeVehicle>()
                .gives::<VehicleView>(),
        )
}

fn booking_routes(routes: Routes) -> Routes {
    routes
        .post(
            "/bookings",
            User,
            bookings::book,
            Doc::new("Book a vehicle").idempotent().takes::<bookings::BookInput>().creates::<BookingView>(),
        )
        .get(
            "/bookings",
            User,
            bookings::list,
            Doc::new("Bookings: one's own, or every member's for staff")
                .filters::<bookings::BookingFilter>()
                .paged()
                .gives::<Listing<BookingView>>(),
        )
        .get("/bookings/{id}", User, bookings::one, Doc::new("One booking").gives::<BookingView>())
        .post(
            "/bookings/{id}/emi",
            User,
            bookings::schedule,
            Doc::new("Pay what remains in instalments")
                .idempotent()
                .takes::<bookings::EmiInput>()
                .gives::<Vec<InstalmentView>>(),
        )
        .get(
            "/bookings/{id}/emi",
            User,
            bookings::instalments,
            Doc::new("The instalments").gives::<Vec<InstalmentView>>(),
        )
        .post(
            "/bookings/{id}/cancel",
            User,
            bookings::cancel,
            Doc::new("Cancel a booking and refund what was paid")
                .idempotent()
                .may_take::<bookings::RefundInput>()
                .gives::<BookingView>(),
        )
        .post(
            "/bookings/{id}/payments",
            User,
            payments::pay,
            Doc::new("Start a payment").idempotent().takes::<payments::PayInput>().creates::<PaymentView>(),
        )
}

fn payment_routes(routes: Routes) -> Routes {
    routes
        .get(
            "/payments",
            User,
            payments::list,
            Doc::new("Payments: one's own, or every member's for staff")
                .filters::<payments::PaymentFilter>()
                .paged()
                .gives::<Listing<PaymentView>>(),
        )
        .get("/payments/{id}", User, payments::one, Doc::new("One payment").gives::<PaymentView>())
        .get(
            "/payments/{id}/receipt",
            User,
            receipts::receipt,
            Doc::new("The receipt of a payment, as a PDF").gives_file(["application/pdf"]),
        )
        .post(
            "/payments/{id}/confirm",
            Staff,
            payments::confirm,
            Doc::new("Cash or a transfer has come")
                .idempotent()
                .takes::<payments::ConfirmInput>()
                .gives::<PaymentView>(),
        )
        .post(
            "/payments/{id}/fail",
            Staff,
            payments::fail,
            Doc::new("Cash or a transfer will not come")
                .idempotent()
                .may_take::<payments::FailInput>()
                .gives::<PaymentView>(),
        )
        .post(
            "/payments/{id}/refund",
            Admin,
            payments::refund,
            Doc::new("Give one payment back, whole")
                .idempotent()
                .may_take::<bookings::RefundInput>()
                .gives::<PaymentView>(),
        )
}

/// What gateways send, and what staff see of it. Before `/payments/{id}`, which would take their names for ids.
fn gateway_routes(routes: Routes) -> Routes {
    routes
        .get(
            "/payments/captures",
            Staff,
            captures::list,
            Doc::new("What gateways took; `unknown_order` is money that no payment here is for")
                .filters::<captures::CaptureFilter>()
                .paged()
                .gives::<Listing<captures::CaptureView>>(),
        )
        .get(
            "/payments/webhook-events",
            Staff,
            webhook_events::list,
            Doc::new("Messages of gateways; `unreadable` and `pending` ones were not understood or not processed")
                .filters::<webhook_events::WebhookEventFilter>()
                .paged()
                .gives::<Listing<webhook_events::WebhookEventView>>(),
        )
        .post(
            "/payments/webhook-events/{id}/retry",
            Staff,
            webhook_events::retry,
            Doc::new("Read and process a gateway's message again")
                .idempotent()
                .may_take::<webhook_events::Nothing>()
                .gives::<webhook_events::WebhookEventView>(),
        )
        .get(
            "/payments/gateway-refunds",
            Staff,
            refunds::list_reported,
            Doc::new("Refunds that gateways reported; `unmatched` ones match nothing here")
                .filters::<refunds::GatewayRefundFilter>()
                .paged()
                .gives::<Listing<refunds::GatewayRefundView>>(),
        )
        .get(
            "/refunds",
            Staff,
            refunds::list,
            Doc::new("Refunds").filters::<refunds::RefundFilter>().paged().gives::<Listing<RefundView>>(),
        )
        .post(
            "/refunds/{id}/resolve",
            Staff,
            refunds::resolve,
            Doc::new("Say what became of a refund that was unknown for a day: one proposes, another carries it out")
                .idempotent()
                .takes::<refunds::ResolveInput>()
                .gives::<RefundView>(),
        )
        .post(
            "/payments/webhooks/{gateway}",
            Public,
            webhooks::receive,
            Doc::new("What a gateway tells; signed in its own header, else 401")
                .hears::<webhooks::Told>()
                .gives::<webhooks::Received>()
                .answers_bare(401),
        )
}
