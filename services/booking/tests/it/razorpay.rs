//! Razorpay: orders, captures, refunds, and outages.

use crate::fixture::{SCOOTER, text};
use crate::razorpay_double::{Call, Razorpay, fixture, recorded, webhook};
use proto_events::booking::v1::PaymentReturned;
use serde_json::{Value, json};

#[tokio::test]
async fn an_order_is_created_at_razorpay_and_its_capture_completes_the_payment() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let booked = fixture.book_with(json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" })).await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let body = json!({ "amount": "500.00", "method": "online" });
    let payment = fixture.client.post_with_key(&path, "k", body.clone()).await.expect(201);
    assert_eq!(payment["checkout"]["order_id"], "order_Abc1");
    assert_eq!(payment["checkout"]["key_id"], "rzp_test_1");
    let again = fixture.client.post_with_key(&path, "k", body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), payment);
    let calls = razorpay.calls();
    assert_eq!((calls.len(), calls[0].path.as_str()), (1, "/v1/orders"));
    assert_eq!(calls[0].authorization, "Basic cnpwX3Rlc3RfMTprZXktc2VjcmV0");
    assert_eq!((&calls[0].body["amount"], &calls[0].body["receipt"]), (&json!(50_000), &payment["id"]));
    let message = recorded("payment.captured", "order_Abc1", "pay_1", 50_000, json!([]));
    for _ in 0..2 {
        webhook(&fixture, &message, "evt_1").await.expect(200);
    }
    let authorized = recorded("payment.authorized", "order_Abc1", "pay_1", 50_000, json!({}));
    webhook(&fixture, &authorized, "evt_2").await.expect(200);
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(fixture.completed_payments().await.len(), 1);
    fixture.service.anonymous().post("/payments/webhooks/sandbox", json!({})).await.problem(404);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_order_that_could_not_be_created_is_retried() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let booked = fixture.book("500.00").await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let body = json!({ "amount": "500.00", "method": "online" });
    // Two attempts while the client waits, not three.
    for _ in 0..2 {
        razorpay.queue_answer(503, json!({}));
    }
    let refused = fixture.client.post_with_key(&path, "k", body.clone()).await;
    assert_eq!(refused.problem(503), "request.dependency_unavailable");
    razorpay.queue_answer(503, json!({}));
    let payment = fixture.client.post_with_key(&path, "k", body).await.expect(201);
    assert_eq!(payment["checkout"]["order_id"], "order_Abc5");
    assert_eq!(fixture.client.get("/payments").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_before_its_order_is_stored_finds_its_payment() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    for _ in 0..2 {
        razorpay.queue_answer(503, json!({}));
    }
    assert_eq!(fixture.try_pay(id, "500.00", "online").await.status, 503);
    let waiting = fixture.client.get("/payments").await.expect(200)["items"][0].clone();
    let notes = json!({ "payment_id": waiting["id"] });
    let message = recorded("payment.captured", "order_lost", "pay_1", 50_000, notes);
    webhook(&fixture, &message, "evt_1").await.expect(200);
    assert_eq!(fixture.booking(id).await["status"], "confirmed");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_refund_is_requested_after_its_commit_and_falls_back_to_the_wallet() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let mut payments = Vec::new();
    for n in ["1", "2"] {
        let booked = fixture.book("500.00").await;
        let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
        let order = text(&payment["checkout"], "order_id").to_owned();
        let message = recorded("payment.captured", &order, &format!("pay_{n}"), 50_000, json!({}));
        webhook(&fixture, &message, &format!("evt_{n}")).await.expect(200);
        let path = format!("/bookings/{}/cancel", text(&booked, "id"));
        fixture.client.post(&path, json!({ "refund_to": "source" })).await.expect(200);
        payments.push(payment);
    }
    let refund = async |n: usize| fixture.payment(text(&payments[n], "id")).await["refund"].clone();
    assert_eq!(refund(0).await["status"], "requested");
    // Queued answers are used last first: the first refund gets no answer, the second one is refused.
    razorpay.queue_answer(400, json!({ "error": { "code": "BAD_REQUEST_ERROR" } }));
    razorpay.queue_answer(502, json!({}));
    fixture.service.run_job("refunds").await;
    assert_eq!(
        (refund(0).await["status"].clone(), refund(1).await["status"].clone()),
        (json!("sent"), json!("failed"))
    );
    for _ in 0..2 {
        fixture.service.clock.advance_secs(15);
        fixture.service.run_job("refunds").await;
    }
    assert_eq!(refund(0).await["status"], "done");
    assert_eq!(refund(1).await["status"], "failed");
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    assert_eq!((returned.len(), returned[0].cause.as_str()), (1, "source_refund_failed"));
    let asked: Vec<Call> = razorpay.calls().into_iter().filter(|c| c.path.ends_with("/refund")).collect();
    assert_eq!(
        asked.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(),
        ["/v1/payments/pay_1/refund", "/v1/payments/pay_2/refund", "/v1/payments/pay_1/refund"]
    );
    assert_eq!(asked[0].idempotency, asked[2].idempotency);
    assert!(!asked[0].idempotency.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_event_id_in_an_unsigned_header_is_ignored() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let first = fixture.book("500.00").await;
    let second = fixture.book("500.00").await;
    fixture.pay(text(&first, "id"), "500.00", "online").await;
    fixture.pay(text(&second, "id"), "500.00", "online").await;
    let one = recorded("payment.captured", "order_Abc1", "pay_1", 50_000, json!([]));
    let two = recorded("payment.captured", "order_Abc2", "pay_2", 50_000, json!([]));
    for message in [&one, &two, &one] {
        webhook(&fixture, message, "evt_1").await.expect(200);
    }
    // The same body with another event id is a duplicate.
    webhook(&fixture, &one, "evt_2").await.expect(200);
    assert_eq!(fixture.booking(text(&first, "id")).await["status"], "confirmed");
    assert_eq!(fixture.booking(text(&second, "id")).await["status"], "confirmed");
    assert_eq!(fixture.completed_payments().await.len(), 2);
    assert!(fixture.service.published::<PaymentReturned>().await.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_without_a_payment_id_is_applied() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    for order in ["order_Abc1", "order_Abc2"] {
        let booked = fixture.book("500.00").await;
        fixture.pay(text(&booked, "id"), "500.00", "online").await;
        let mut message: Value =
            serde_json::from_str(&recorded("payment.captured", order, "", 50_000, json!([]))).expect("JSON");
        let entity = message["payload"]["payment"]["entity"].as_object_mut().expect("an object");
        entity.remove("id");
        for _ in 0..2 {
            webhook(&fixture, &message.to_string(), "evt_1").await.expect(200);
        }
        assert_eq!(fixture.booking(text(&booked, "id")).await["status"], "confirmed", "{order}");
    }
    assert_eq!(fixture.completed_payments().await.len(), 2);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_outage_opens_the_circuit_breaker_and_clients_get_a_retry_after() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let booked = fixture.book("500.00").await;
    for _ in 0..5 {
        razorpay.queue_answer(500, json!({}));
    }
    for _ in 0..3 {
        assert_eq!(fixture.try_pay(text(&booked, "id"), "500.00", "online").await.status, 503);
    }
    assert_eq!(razorpay.calls().len(), 5);
    let refused = fixture.try_pay(text(&booked, "id"), "500.00", "online").await;
    assert_eq!((refused.status, refused.header("retry-after").as_str()), (503, "30"));
    assert_eq!(razorpay.calls().len(), 5);
    let health = reqwest::get(format!("{}/health/ready", fixture.service.anonymous().base())).await.expect("an answer");
    assert_eq!(health.status(), 200);
    let health: Value = health.json().await.expect("JSON");
    assert_eq!(health["status"], "degraded");
    fixture.service.clock.advance_secs(30);
    fixture.pay(text(&booked, "id"), "500.00", "online").await;
    fixture.service.finish().await;
}
