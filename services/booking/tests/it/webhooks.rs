//! Stored webhook events: unparsable, unhandled, failed, retried, sealed and deleted ones.

use crate::fixture::{Fixture, SECRET, sign, text};
use crate::razorpay_double::{self as razorpay, Razorpay, recorded, webhook};
use booking::app::receive_webhook::new_event;
use booking::domain::GatewayName;
use booking::schema::{captures, plan_versions, webhook_events};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use pii::Sealer;
use proto_events::booking::v1::PaymentReturned;
use serde_json::{Value, json};
use testkit::Reply;
use testkit::mariadb::with_database;

async fn events(fixture: &Fixture, state: &str) -> Vec<Value> {
    let found = fixture.staff().get(&format!("/payments/webhook-events?state={state}&limit=100")).await.expect(200);
    found["items"].as_array().expect("items").clone()
}

async fn captured(fixture: &Fixture, outcome: &str) -> Vec<Value> {
    let found = fixture.staff().get(&format!("/payments/captures?outcome={outcome}")).await.expect(200);
    found["items"].as_array().expect("items").clone()
}

async fn signed(fixture: &Fixture, body: &str) -> Reply {
    fixture.raw_webhook(body, Some(&sign(body))).await
}

async fn retried(fixture: &Fixture, event: &Value) -> Value {
    let path = format!("/payments/webhook-events/{}/retry", text(event, "id"));
    fixture.staff().post_empty(&path).await.expect(200)
}

/// A Razorpay webhook with one field of its payment replaced.
fn altered(message: &str, field: &str, value: Value) -> String {
    let mut message: Value = serde_json::from_str(message).expect("JSON");
    message["payload"]["payment"]["entity"][field] = value;
    message.to_string()
}

#[tokio::test]
async fn a_signed_event_that_cannot_be_parsed_is_stored_and_answered_with_200() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture_with(&razorpay, &[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    let captured = recorded("payment.captured", "order_1", "pay_1", 50_000, json!({}));
    let bad = ["{", "[]", "{}", "\u{1}", r#"{"event":"payment.captured"}"#, r#"{"event":7,"payload":null}"#];
    for body in bad.map(str::to_owned).into_iter().chain([altered(&captured, "amount", json!("much"))]) {
        assert_eq!(webhook(&fixture, &body, "evt").await.expect(200), json!({ "received": true }), "{body}");
        webhook(&fixture, &body, "evt").await.expect(200);
    }
    for body in ["{", "{}", r#"{"event":"payment.captured","order_id":"o","amount":500.0}"#] {
        signed(&fixture, body).await.expect(200);
    }
    let unreadable = events(&fixture, "unreadable").await;
    // `{"event":7}` has a kind that is not handled.
    assert_eq!(unreadable.len(), 6 + 3);
    assert!(unreadable.iter().all(|e| !text(e, "reason").is_empty() && e["processed_at"].is_null()), "{unreadable:?}");
    let gateways = |name: &str| unreadable.iter().filter(|e| e["gateway"] == name).count();
    assert_eq!((gateways("razorpay"), gateways("sandbox")), (6, 3));
    assert_eq!(fixture.raw_webhook("{", Some("00")).await.problem(401), "booking.webhook_signature");
    assert_eq!(fixture.fresh_client().get("/payments/webhook-events").await.problem(403), "auth.forbidden");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_signed_event_of_a_kind_that_is_not_handled_is_stored_and_answered_with_200() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture_with(&razorpay, &[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    for kind in ["payment.dispute.created", "order.paid", "invoice.expired"] {
        webhook(&fixture, &recorded(kind, "order_1", "pay_1", 50_000, json!({})), "evt").await.expect(200);
        signed(&fixture, &json!({ "event": kind, "anything": [1] }).to_string()).await.expect(200);
    }
    let unhandled = events(&fixture, "unhandled").await;
    assert_eq!(unhandled.len(), 6);
    assert_eq!(unhandled.iter().filter(|e| e["kind"] == "invoice.expired").count(), 2);
    assert!(captured(&fixture, "unknown_order").await.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_in_another_currency_is_recorded_and_not_applied() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture_with(&razorpay, &[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    let booked = fixture.book("500.00").await;
    let body = json!({ "amount": "500.00", "method": "online", "gateway": "razorpay" });
    let payment = fixture.client.post(&format!("/bookings/{}/payments", text(&booked, "id")), body).await.expect(201);
    let good = recorded("payment.captured", "order_Abc1", "pay_usd", 50_000, json!([]));
    let message = altered(&good, "currency", json!("usd"));
    for _ in 0..2 {
        webhook(&fixture, &message, "evt").await.expect(200);
    }
    let sandbox = json!({
        "event": "payment.captured", "order_id": "o", "gateway_payment_id": "p", "amount": "5.00", "currency": "EUR"
    });
    signed(&fixture, &sandbox.to_string()).await.expect(200);
    let none = json!({ "event": "payment.captured", "order_id": "o", "gateway_payment_id": "q", "amount": "0.00" });
    signed(&fixture, &none.to_string()).await.expect(200);
    let seen = captured(&fixture, "not_taken").await;
    assert_eq!(seen.len(), 3, "{seen:?}");
    let usd = seen.iter().find(|c| c["gateway_payment_id"] == "pay_usd").expect("the capture is recorded");
    assert_eq!(
        (&usd["currency"], &usd["amount"], &usd["payment_id"]),
        (&json!("USD"), &json!("500.00"), &payment["id"])
    );
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "pending");
    assert!(fixture.completed_payments().await.is_empty());
    assert!(fixture.service.published::<PaymentReturned>().await.is_empty());
    // The order can still be paid, even with the same gateway payment id.
    webhook(&fixture, &good, "evt").await.expect(200);
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(captured(&fixture, "not_taken").await.len(), 2);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_amount_given_as_text_is_accepted() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    for (n, amount) in [json!("50000"), json!(" 50000 "), json!(50_000.0)].into_iter().enumerate() {
        let booked = fixture.book("500.00").await;
        fixture.pay(text(&booked, "id"), "500.00", "online").await;
        let order = format!("order_Abc{}", n + 1);
        let message = recorded("payment.captured", &order, &format!("pay_{n}"), 1, json!([]));
        webhook(&fixture, &altered(&message, "amount", amount.clone()), "evt").await.expect(200);
        assert_eq!(fixture.booking(text(&booked, "id")).await["status"], "confirmed", "{amount}");
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn staff_retry_an_event_that_was_not_parsed() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    webhook(&fixture, "{}", "evt").await.expect(200);
    let event = events(&fixture, "unreadable").await.remove(0);
    assert_eq!(retried(&fixture, &event).await["state"], "unreadable");
    let path = format!("/payments/webhook-events/{}/retry", text(&event, "id"));
    assert_eq!(fixture.fresh_client().post_empty(&path).await.problem(403), "auth.forbidden");
    let nowhere = format!("/payments/webhook-events/{}/retry", runtime::id::fresh::<uuid::Uuid>());
    fixture.staff().post_empty(&nowhere).await.problem(404);
    // An event that an earlier release could not parse is parsed and applied by this one.
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    webhook(&fixture, &recorded("payment.captured", order, "pay_1", 50_000, json!([])), "evt").await.expect(200);
    let ctx = fixture.service.ctx();
    {
        let c = &mut *ctx.db().write().await.expect("a connection");
        let unread = webhook_events::state.eq("unreadable");
        diesel::update(webhook_events::table).set(unread).execute(c).await.expect("updated");
    }
    let known = events(&fixture, "unreadable").await;
    for event in &known {
        retried(&fixture, event).await;
    }
    assert_eq!(retried(&fixture, &known[0]).await["state"], "processed", "a second retry changes nothing");
    assert_eq!(fixture.completed_payments().await.len(), 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_event_whose_processing_fails_does_not_delay_others_and_is_retried_with_backoff() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    let ctx = fixture.service.ctx();
    // An unparsable plan makes every change of a member's paid total fail.
    let plan = (
        plan_versions::version.eq(7_i64),
        plan_versions::effective_from.eq(fixture.service.now()),
        plan_versions::plan.eq("{"),
    );
    {
        let c = &mut *ctx.db().write().await.expect("a connection");
        diesel::insert_into(plan_versions::table).values(plan).execute(c).await.expect("inserted");
    }
    for n in 0..101 {
        let message = recorded("payment.captured", order, &format!("pay_{n}"), 50_000, json!({ "n": n }));
        assert_eq!(webhook(&fixture, &message, "evt").await.status, 500);
    }
    assert_eq!(events(&fixture, "pending").await.len(), 100, "one page of events");
    {
        // A later event that can be processed.
        let c = &mut *ctx.db().write().await.expect("a connection");
        let message = recorded("payment.captured", "order_unknown", "pay_last", 50_000, json!([]));
        let sealer = Sealer::from_env(ctx.env()).expect("keys");
        let event = new_event(GatewayName::Razorpay, message.as_bytes(), &sealer, fixture.service.now().plus_secs(15));
        diesel::insert_into(webhook_events::table).values(&event).execute(c).await.expect("inserted");
    }
    fixture.service.clock.advance_secs(15);
    for _ in 0..2 {
        fixture.service.run_job("webhooks").await;
    }
    assert_eq!(captured(&fixture, "unknown_order").await.len(), 1);
    let attempts = |events: &[Value]| events.iter().map(|e| e["attempts"].as_i64()).max().flatten();
    assert_eq!(attempts(&events(&fixture, "pending").await), Some(2));
    fixture.service.clock.advance_secs(29);
    fixture.service.run_job("webhooks").await;
    assert_eq!(attempts(&events(&fixture, "pending").await), Some(2), "not before half a minute");
    fixture.service.clock.advance_secs(1);
    {
        let c = &mut *ctx.db().write().await.expect("a connection");
        diesel::delete(plan_versions::table).execute(c).await.expect("deleted");
    }
    for _ in 0..2 {
        fixture.service.run_job("webhooks").await;
    }
    assert_eq!(events(&fixture, "pending").await.len(), 0);
    assert_eq!(fixture.completed_payments().await.len(), 1);
    assert_eq!(fixture.service.published::<PaymentReturned>().await.len(), 100, "the other captures of the order");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_stored_body_is_sealed_and_deleted_after_the_retention_period() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    let message = recorded("payment.captured", "order_unknown", "pay_1", 50_000, json!([]));
    webhook(&fixture, &message, "evt").await.expect(200);
    webhook(&fixture, "{", "evt").await.expect(200);
    webhook(&fixture, &recorded("order.paid", "order_1", "pay_1", 50_000, json!([])), "evt").await.expect(200);
    let ctx = fixture.service.ctx();
    let bodies = async || -> Vec<Vec<u8>> {
        let c = &mut *ctx.db().read().await.expect("a connection");
        webhook_events::table.select(webhook_events::body).load(c).await.expect("bodies")
    };
    let stored = bodies().await;
    assert_eq!(stored.len(), 3);
    for body in &stored {
        let clear = String::from_utf8_lossy(body);
        assert!(!clear.contains("example.com") && !clear.contains("9900000000") && !clear.contains("a@upi"));
    }
    for (days, left) in [(179, 3), (1, 3), (1, 1)] {
        fixture.service.clock.advance_secs(days * 86_400);
        fixture.service.run_job("webhook_retention").await;
        assert_eq!(bodies().await.len(), left, "{days}");
    }
    assert_eq!(bodies().await, [Vec::<u8>::new()], "the reason of an unparsable event is kept");
    fixture.service.clock.advance_secs(181 * 86_400);
    fixture.service.run_job("webhook_retention").await;
    assert!(bodies().await.is_empty());
    // The capture is still stored, so the same event changes nothing.
    webhook(&fixture, &message, "evt").await.expect(200);
    let c = &mut *ctx.db().read().await.expect("a connection");
    assert_eq!(captures::table.count().get_result::<i64>(c).await.expect("a count"), 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn bodies_that_an_earlier_release_stored_in_plain_text_are_sealed() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    let body = recorded("payment.captured", text(&payment["checkout"], "order_id"), "pay_1", 50_000, json!([]));
    let ctx = fixture.service.ctx();
    {
        // As an earlier release wrote it, without the new columns.
        let c = &mut *ctx.db().write().await.expect("a connection");
        let row = (
            webhook_events::gateway.eq("razorpay"),
            webhook_events::event_key.eq(booking::gateway::event_key(body.as_bytes())),
            webhook_events::body.eq(body.as_bytes()),
            webhook_events::error.eq("it failed"),
            webhook_events::received_at.eq(fixture.service.now()),
        );
        diesel::insert_into(webhook_events::table).values(row).execute(c).await.expect("inserted");
    }
    fixture.service.run_job("webhook_retention").await;
    let c = &mut *ctx.db().read().await.expect("a connection");
    let stored: Vec<u8> = webhook_events::table.select(webhook_events::body).first(c).await.expect("a body");
    assert!(!String::from_utf8_lossy(&stored).contains("example.com"));
    fixture.service.run_job("webhooks").await;
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(events(&fixture, "processed").await.len(), 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn events_are_stored_listed_and_deleted_on_services() {
    with_database(async |url| {
        let razorpay = Razorpay::default();
        let fixture = razorpay::fixture_with(&razorpay, &[("DATABASE_URL", &url)]).await;
        for body in ["{", "{}", "[]"] {
            webhook(&fixture, body, "evt").await.expect(200);
            webhook(&fixture, body, "evt").await.expect(200);
        }
        let page = fixture.staff().get("/payments/webhook-events?limit=2").await.expect(200);
        assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
        let next = format!("/payments/webhook-events?limit=2&cursor={}", text(&page, "next_cursor"));
        let last = fixture.staff().get(&next).await.expect(200);
        assert_eq!((last["items"].as_array().map(Vec::len), &last["next_cursor"]), (Some(1), &Value::Null));
        retried(&fixture, &last["items"][0]).await;
        fixture.service.clock.advance_secs(400 * 86_400);
        fixture.service.run_job("webhook_retention").await;
        assert!(events(&fixture, "unreadable").await.is_empty());
        fixture.service.finish().await;
    })
    .await;
}
