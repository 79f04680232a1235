//! Two gateways at once: the choice of one for each payment, and their checkouts.

use crate::fixture::{Fixture, text};
use crate::razorpay_double::{self, Razorpay, recorded};
use crate::stripe_double::{self, Stripe, event};
use serde_json::{Value, json};

async fn both(razorpay: &Razorpay, stripe: &Stripe) -> Fixture {
    let url = razorpay.listen();
    let more = [
        ("RAZORPAY_KEY_ID", "rzp_test_1"),
        ("RAZORPAY_KEY_SECRET", "key-secret"),
        ("RAZORPAY_WEBHOOK_SECRET", "webhook-secret"),
        ("RAZORPAY_API_URL", url.as_str()),
    ];
    stripe_double::fixture_with(stripe, &more).await
}

async fn start(fixture: &Fixture, booking: &str, gateway: &str) -> Value {
    let body = json!({ "amount": "500.00", "method": "online", "gateway": gateway });
    fixture.fresh_client().post(&format!("/bookings/{booking}/payments"), body).await.expect(201)
}

#[tokio::test]
async fn the_payer_chooses_one_of_several_gateways() {
    let (razorpay, stripe) = (Razorpay::default(), Stripe::default());
    let fixture = both(&razorpay, &stripe).await;
    let methods = fixture.fresh_client().get("/payments/methods").await.expect(200);
    let online = methods["items"].as_array().expect("items").iter().filter(|m| m["method"] == "online");
    let online: Vec<_> = online.map(|m| (text(m, "gateway"), text(m, "label"))).collect();
    assert_eq!(online, [("razorpay", "Online payment (Razorpay)"), ("stripe", "Online payment (Stripe)")]);
    let booked = fixture.book("500.00").await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    for (body, rule) in [
        (json!({ "amount": "500.00", "method": "online" }), "required"),
        (json!({ "amount": "500.00", "method": "online", "gateway": "sandbox" }), "not_available"),
        (json!({ "amount": "500.00", "method": "cash", "gateway": "stripe" }), "not_online"),
    ] {
        let refused = fixture.client.post(&path, body).await;
        assert_eq!(refused.body["errors"][0]["field"], "gateway", "{:?}", refused.body);
        assert_eq!(refused.body["errors"][0]["code"], rule);
        assert_eq!(refused.problem(422), "booking.gateway_invalid");
    }
    let unknown = json!({ "amount": "500.00", "method": "online", "gateway": "paypal" });
    assert!([400, 422].contains(&fixture.client.post(&path, unknown).await.status));
    assert_eq!(fixture.client.get("/payments").await.expect(200)["items"], json!([]));
    assert!(razorpay.calls().is_empty() && stripe.calls().is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn each_payment_stays_at_its_gateway() {
    let (razorpay, stripe) = (Razorpay::default(), Stripe::default());
    let fixture = both(&razorpay, &stripe).await;
    let (first, second) = (fixture.book("500.00").await, fixture.book("500.00").await);
    let by_razorpay = start(&fixture, text(&first, "id"), "razorpay").await;
    let by_stripe = start(&fixture, text(&second, "id"), "stripe").await;
    let checkout = &by_razorpay["checkout"];
    assert_eq!(checkout["redirect_url"], "https://api.razorpay.com/v1/checkout/embedded");
    let payment = text(&by_razorpay, "id");
    let fields = json!({
        "key_id": "rzp_test_1", "order_id": checkout["order_id"], "amount": "50000", "currency": "INR",
        "name": "EV Distribution", "description": "Vehicle booking", "notes[payment_id]": payment,
        "callback_url": format!("https://ev.example/payments/return?payment_id={payment}"),
        "cancel_url": format!("https://ev.example/bookings/{}", text(&first, "id")),
    });
    assert_eq!(checkout["form_fields"], fields);
    // A message of one gateway about the order of the other is no payment.
    let session = stripe.pay(text(&by_stripe["checkout"], "order_id"));
    let foreign =
        recorded("payment.captured", text(&session, "id"), "pay_x", 50_000, json!({ "payment_id": by_stripe["id"] }));
    razorpay_double::webhook(&fixture, &foreign, "evt").await.expect(200);
    assert_eq!(fixture.payment(text(&by_stripe, "id")).await["status"], "pending");
    let captured = recorded("payment.captured", text(checkout, "order_id"), "pay_1", 50_000, json!([]));
    razorpay_double::webhook(&fixture, &captured, "evt").await.expect(200);
    stripe_double::webhook(&fixture, &event(&fixture, "checkout.session.completed", &session)).await.expect(200);
    for payment in [&by_razorpay, &by_stripe] {
        let path = format!("/bookings/{}/cancel", text(payment, "booking_id"));
        fixture.fresh_client().post(&path, json!({ "refund_to": "source" })).await.expect(200);
    }
    fixture.service.run_job("refunds").await;
    for payment in [&by_razorpay, &by_stripe] {
        assert_eq!(fixture.payment(text(payment, "id")).await["refund"]["status"], "done");
    }
    assert_eq!((razorpay.refunds().len(), stripe.refunds().len()), (1, 1));
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_outage_of_one_gateway_does_not_stop_the_other() {
    let (razorpay, stripe) = (Razorpay::default(), Stripe::default());
    let fixture = both(&razorpay, &stripe).await;
    let booked = fixture.book("500.00").await;
    for _ in 0..20 {
        razorpay.queue_answer(503, json!({}));
    }
    let body = json!({ "amount": "500.00", "method": "online", "gateway": "razorpay" });
    let refused = fixture.client.post(&format!("/bookings/{}/payments", text(&booked, "id")), body).await;
    assert_eq!(refused.problem(503), "request.dependency_unavailable");
    let payment = start(&fixture, text(&booked, "id"), "stripe").await;
    stripe.pay(text(&payment["checkout"], "order_id"));
    fixture.service.clock.advance_secs(600);
    let job = fixture.service.started.jobs.iter().find(|job| job.name == "reconcile").expect("a job");
    runtime::jobs::run_once(job, fixture.service.ctx()).await.expect_err("the scan of one list fails");
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed");
    fixture.service.finish().await;
}
