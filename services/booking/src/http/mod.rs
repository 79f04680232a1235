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
use chassis::auth::Access::{Admin, Public, Staff, User};
use chassis::http::{Doc, Listing, Routes};
pub use webhook_queue::WebhookQueue;

use views::{BookingView, InstalmentView, PaymentView, RefundView, VehicleView};

/// All routes of the service.
pub fn routes(state: BookingState) -> Routes {
    let routes = Routes::new("booking").data(state);
    payment_routes(gateway_routes(booking_routes(vehicle_routes(routes))))
}

fn vehicle_routes(routes: Routes) -> Routes {
    routes
        .get_documented(
            "/vehicles",
            Public,
            vehicles::list,
            Doc::new("Vehicles on sale").paged().returns::<Listing<VehicleView>>(),
        )
        .get_documented("/vehicles/{id}", Public, vehicles::get, Doc::new("One vehicle").returns::<VehicleView>())
        .post_documented(
            "/vehicles",
            Admin,
            vehicles::create,
            Doc::new("Add a vehicle").idempotent().body::<vehicles::VehicleInput>().created::<VehicleView>(),
        )
        .patch_documented(
            "/vehicles/{id}",
            Admin,
            vehicles::update,
            Doc::new("Change a vehicle; bookings keep their price")
                .body::<vehicles::VehicleChangeInput>()
                .returns::<VehicleView>(),
        )
}

fn booking_routes(routes: Routes) -> Routes {
    routes
        .post_documented(
            "/bookings",
            User,
            bookings::create,
            Doc::new("Book a vehicle").idempotent().body::<bookings::BookInput>().created::<BookingView>(),
        )
        .get_documented(
            "/bookings",
            User,
            bookings::list,
            Doc::new("Bookings of the caller; for staff, of every member")
                .query::<bookings::BookingFilter>()
                .paged()
                .returns::<Listing<BookingView>>(),
        )
        .get_documented("/bookings/{id}", User, bookings::get, Doc::new("One booking").returns::<BookingView>())
        .post_documented(
            "/bookings/{id}/emi",
            User,
            bookings::schedule_emi,
            Doc::new("Add an EMI schedule for the remaining amount")
                .idempotent()
                .body::<bookings::EmiInput>()
                .returns::<Vec<InstalmentView>>(),
        )
        .get_documented(
            "/bookings/{id}/emi",
            User,
            bookings::list_instalments,
            Doc::new("Instalments of a booking").returns::<Vec<InstalmentView>>(),
        )
        .post_documented(
            "/bookings/{id}/cancel",
            User,
            bookings::cancel,
            Doc::new("Cancel a booking and refund its payments")
                .idempotent()
                .optional_body::<bookings::RefundInput>()
                .returns::<BookingView>(),
        )
        .post_documented(
            "/bookings/{id}/payments",
            User,
            payments::create,
            Doc::new("Start a payment").idempotent().body::<payments::PayInput>().created::<PaymentView>(),
        )
}

fn payment_routes(routes: Routes) -> Routes {
    routes
        .get_documented(
            "/payments",
            User,
            payments::list,
            Doc::new("Payments of the caller; for staff, of every member")
                .query::<payments::PaymentFilter>()
                .paged()
                .returns::<Listing<PaymentView>>(),
        )
        .get_documented("/payments/{id}", User, payments::get, Doc::new("One payment").returns::<PaymentView>())
        .get_documented(
            "/payments/{id}/receipt",
            User,
            receipts::get,
            Doc::new("Receipt of a payment, as a PDF").returns_file(["application/pdf"]),
        )
        .post_documented(
            "/payments/{id}/confirm",
            Staff,
            payments::confirm,
            Doc::new("Confirm a cash payment or a bank transfer")
                .idempotent()
                .body::<payments::ConfirmInput>()
                .returns::<PaymentView>(),
        )
        .post_documented(
            "/payments/{id}/fail",
            Staff,
            payments::fail,
            Doc::new("Fail a cash payment or a bank transfer that was not received")
                .idempotent()
                .optional_body::<payments::FailInput>()
                .returns::<PaymentView>(),
        )
        .post_documented(
            "/payments/{id}/refund",
            Admin,
            payments::refund,
            Doc::new("Refund one whole payment")
                .idempotent()
                .optional_body::<bookings::RefundInput>()
                .returns::<PaymentView>(),
        )
}

/// Routes of webhooks, captures and refunds. They stand before `/payments/{id}`, which would match their names as ids.
fn gateway_routes(routes: Routes) -> Routes {
    routes
        .get_documented(
            "/payments/captures",
            Staff,
            captures::list,
            Doc::new("Payments captured by gateways; `unknown_order` matches no payment")
                .query::<captures::CaptureFilter>()
                .paged()
                .returns::<Listing<captures::CaptureView>>(),
        )
        .get_documented(
            "/payments/webhook-events",
            Staff,
            webhook_events::list,
            Doc::new("Stored webhook events; `unreadable` was not parsed, `pending` not processed")
                .query::<webhook_events::WebhookEventFilter>()
                .paged()
                .returns::<Listing<webhook_events::WebhookEventView>>(),
        )
        .post_documented(
            "/payments/webhook-events/{id}/retry",
            Staff,
            webhook_events::retry,
            Doc::new("Parse and process a webhook event again")
                .idempotent()
                .optional_body::<webhook_events::NoInput>()
                .returns::<webhook_events::WebhookEventView>(),
        )
        .get_documented(
            "/payments/gateway-refunds",
            Staff,
            refunds::list_reported,
            Doc::new("Refunds reported by gateways; `unmatched` matches no refund")
                .query::<refunds::GatewayRefundFilter>()
                .paged()
                .returns::<Listing<refunds::GatewayRefundView>>(),
        )
        .get_documented(
            "/refunds",
            Staff,
            refunds::list,
            Doc::new("Refunds").query::<refunds::RefundFilter>().paged().returns::<Listing<RefundView>>(),
        )
        .post_documented(
            "/refunds/{id}/resolve",
            Staff,
            refunds::resolve,
            Doc::new("Resolve a refund that was unknown for a day: one member of staff proposes, another approves")
                .idempotent()
                .body::<refunds::ResolveInput>()
                .returns::<RefundView>(),
        )
        .post_documented(
            "/payments/webhooks/{gateway}",
            Public,
            webhooks::receive,
            Doc::new("Receive a gateway's webhook; 401 without a valid signature")
                .open_body::<webhooks::WebhookBody>()
                .returns::<webhooks::WebhookReceipt>()
                .empty_response(401),
        )
}
