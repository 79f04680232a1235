//! Genuine messages that are not understood: stored, answered and shown, whoever sent them.

use crate::razorpay_double::{self as razorpay, Razorpay, recorded, webhook};
use crate::world::{SECRET, World, sign, text};
use booking::app::receive_webhook::fresh;
use booking::domain::GatewayName;
use booking::schema::{captures, plan_versions, webhook_events};
use chassis::pii::Sealer;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use proto_events::booking::v1::PaymentReturned;
use serde_json::{Value, json};
use testkit::Reply;
use testkit::mariadb::with_database;

async fn events(world: &World, state: &str) -> Vec<Value> {
    let found = world.staff().get(&format!("/payments/webhook-events?state={state}&limit=100")).await.expect(200);
    found["items"].as_array().expect("items").clone()
}

async fn captured(world: &World, outcome: &str) -> Vec<Value> {
    let found = world.staff().get(&format!("/payments/captures?outcome={outcome}")).await.expect(200);
    found["items"].as_array().expect("items").clone()
}

async fn signed(world: &World, body: &str) -> Reply {
    world.raw_webhook(body, Some(&sign(body))).await
}

async fn retried(world: &World, event: &Value) -> Value {
    let path = format!("/payments/webhook-events/{}/retry", text(event, "id"));
    world.staff().act(&path).await.expect(200)
}

/// A message of Razorpay with another field in its payment.
fn altered(message: &str, field: &str, value: Value) -> String {
    let mut message: Value = serde_json::from_str(message).expect("JSON");
    message["payload"]["payment"]["entity"][field] = value;
    message.to_string()
}

#[tokio::test]
async fn a_genuine_message_that_cannot_be_read_is_stored_and_answered() {
    let razorpay = Razorpay::default();
    let world = razorpay::world_with(&razorpay, &[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    let captured = recorded("payment.captured", "order_1", "pay_1", 50_000, json!({}));
    let bad = ["{", "[]", "{}", "\u{1}", r#"{"event":"payment.captured"}"#, r#"{"event":7,"payload":null}"#];
    for body in bad.map(str::to_owned).into_iter().chain([altered(&captured, "amount", json!("much"))]) {
        assert_eq!(webhook(&world, &body, "evt").await.expect(200), json!({ "received": true }), "{body}");
        webhook(&world, &body, "evt").await.expect(200);
    }
    for body in ["{", "{}", r#"{"event":"payment.captured","order_id":"o","amount":500.0}"#] {
        signed(&world, body).await.expect(200);
    }
    let unreadable = events(&world, "unreadable").await;
    // `{"event":7}` is of a kind that is not handled.
    assert_eq!(unreadable.len(), 6 + 3);
    assert!(unreadable.iter().all(|e| !text(e, "reason").is_empty() && e["processed_at"].is_null()), "{unreadable:?}");
    let gateways = |name: &str| unreadable.iter().filter(|e| e["gateway"] == name).count();
    assert_eq!((gateways("razorpay"), gateways("sandbox")), (6, 3));
    assert_eq!(world.raw_webhook("{", Some("00")).await.problem(401), "booking.webhook_signature");
    assert_eq!(world.again().get("/payments/webhook-events").await.problem(403), "auth.forbidden");
    world.service.finish().await;
}

#[tokio::test]
async fn a_genuine_message_of_a_kind_that_is_not_handled_is_stored_and_answered() {
    let razorpay = Razorpay::default();
    let world = razorpay::world_with(&razorpay, &[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    for kind in ["payment.authorized", "order.paid", "invoice.expired"] {
        webhook(&world, &recorded(kind, "order_1", "pay_1", 50_000, json!({})), "evt").await.expect(200);
        signed(&world, &json!({ "event": kind, "anything": [1] }).to_string()).await.expect(200);
    }
    let unhandled = events(&world, "unhandled").await;
    assert_eq!(unhandled.len(), 6);
    assert_eq!(unhandled.iter().filter(|e| e["kind"] == "invoice.expired").count(), 2);
    assert!(captured(&world, "unknown_order").await.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn a_capture_in_another_currency_is_recorded_and_not_taken() {
    let razorpay = Razorpay::default();
    let world = razorpay::world_with(&razorpay, &[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    let good = recorded("payment.captured", "order_Abc1", "pay_usd", 50_000, json!([]));
    let message = altered(&good, "currency", json!("usd"));
    for _ in 0..2 {
        webhook(&world, &message, "evt").await.expect(200);
    }
    let sandbox = json!({ "event": "payment.captured", "order_id": "o", "gateway_payment_id": "p", "amount": "5.00", "currency": "EUR" });
    signed(&world, &sandbox.to_string()).await.expect(200);
    let none = json!({ "event": "payment.captured", "order_id": "o", "gateway_payment_id": "q", "amount": "0.00" });
    signed(&world, &none.to_string()).await.expect(200);
    let seen = captured(&world, "not_taken").await;
    assert_eq!(seen.len(), 3, "{seen:?}");
    let usd = seen.iter().find(|c| c["gateway_payment_id"] == "pay_usd").expect("it is recorded");
    assert_eq!(
        (&usd["currency"], &usd["amount"], &usd["payment_id"]),
        (&json!("USD"), &json!("500.00"), &payment["id"])
    );
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "pending");
    assert!(world.completed().await.is_empty());
    assert!(world.service.published::<PaymentReturned>().await.is_empty());
    // The order can still be paid, even under the same id.
    webhook(&world, &good, "evt").await.expect(200);
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(captured(&world, "not_taken").await.len(), 2);
    world.service.finish().await;
}

#[tokio::test]
async fn an_amount_written_as_text_is_taken() {
    let razorpay = Razorpay::default();
    let world = razorpay::world(&razorpay).await;
    for (n, amount) in [json!("50000"), json!(" 50000 "), json!(50_000.0)].into_iter().enumerate() {
        let booked = world.book("500.00").await;
        world.pay(text(&booked, "id"), "500.00", "online").await;
        let order = format!("order_Abc{}", n + 1);
        let message = recorded("payment.captured", &order, &format!("pay_{n}"), 1, json!([]));
        webhook(&world, &altered(&message, "amount", amount.clone()), "evt").await.expect(200);
        assert_eq!(world.booking(text(&booked, "id")).await["status"], "confirmed", "{amount}");
    }
    world.service.finish().await;
}

#[tokio::test]
async fn staff_have_a_message_read_again() {
    let razorpay = Razorpay::default();
    let world = razorpay::world(&razorpay).await;
    webhook(&world, "{}", "evt").await.expect(200);
    let event = events(&world, "unreadable").await.remove(0);
    assert_eq!(retried(&world, &event).await["state"], "unreadable");
    let path = format!("/payments/webhook-events/{}/retry", text(&event, "id"));
    assert_eq!(world.again().act(&path).await.problem(403), "auth.forbidden");
    let nowhere = format!("/payments/webhook-events/{}/retry", chassis::id::fresh::<uuid::Uuid>());
    world.staff().act(&nowhere).await.problem(404);
    // What an earlier release could not read is read by this one, and takes effect.
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    webhook(&world, &recorded("payment.captured", order, "pay_1", 50_000, json!([])), "evt").await.expect(200);
    let ctx = world.service.ctx();
    {
        let c = &mut *ctx.db().write().await.expect("a connection");
        let unread = webhook_events::state.eq("unreadable");
        diesel::update(webhook_events::table).set(unread).execute(c).await.expect("updated");
    }
    let known = events(&world, "unreadable").await;
    for event in &known {
        retried(&world, event).await;
    }
    assert_eq!(retried(&world, &known[0]).await["state"], "processed", "and again changes nothing");
    assert_eq!(world.completed().await.len(), 1);
    world.service.finish().await;
}

#[tokio::test]
async fn a_message_whose_processing_fails_holds_up_no_other_and_is_tried_ever_less_often() {
    let razorpay = Razorpay::default();
    let world = razorpay::world(&razorpay).await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    let ctx = world.service.ctx();
    // A plan that cannot be read makes everything fail that changes a member's standing.
    let plan = (
        plan_versions::version.eq(7_i64),
        plan_versions::effective_from.eq(world.service.now()),
        plan_versions::plan.eq("{"),
    );
    {
        let c = &mut *ctx.db().write().await.expect("a connection");
        diesel::insert_into(plan_versions::table).values(plan).execute(c).await.expect("inserted");
    }
    for n in 0..101 {
        let message = recorded("payment.captured", order, &format!("pay_{n}"), 50_000, json!({ "n": n }));
        assert_eq!(webhook(&world, &message, "evt").await.status, 500);
    }
    assert_eq!(events(&world, "pending").await.len(), 100, "a page of them");
    {
        // One that can be processed, and that came after them.
        let c = &mut *ctx.db().write().await.expect("a connection");
        let message = recorded("payment.captured", "order_of_nobody", "pay_last", 50_000, json!([]));
        let sealer = Sealer::from_env(ctx.env()).expect("keys");
        let event = fresh(GatewayName::Razorpay, message.as_bytes(), &sealer, world.service.now().plus_secs(15));
        diesel::insert_into(webhook_events::table).values(&event).execute(c).await.expect("inserted");
    }
    world.service.clock.advance_secs(15);
    for _ in 0..2 {
        world.service.run_job("webhooks").await;
    }
    assert_eq!(captured(&world, "unknown_order").await.len(), 1);
    let attempts = |events: &[Value]| events.iter().map(|e| e["attempts"].as_i64()).max().flatten();
    assert_eq!(attempts(&events(&world, "pending").await), Some(2));
    world.service.clock.advance_secs(29);
    world.service.run_job("webhooks").await;
    assert_eq!(attempts(&events(&world, "pending").await), Some(2), "half a minute later, not before");
    world.service.clock.advance_secs(1);
    {
        let c = &mut *ctx.db().write().await.expect("a connection");
        diesel::delete(plan_versions::table).execute(c).await.expect("deleted");
    }
    for _ in 0..2 {
        world.service.run_job("webhooks").await;
    }
    assert_eq!(events(&world, "pending").await.len(), 0);
    assert_eq!(world.completed().await.len(), 1);
    assert_eq!(world.service.published::<PaymentReturned>().await.len(), 100, "the other captures of the order");
    world.service.finish().await;
}

#[tokio::test]
async fn a_stored_body_is_sealed_and_is_gone_when_its_time_is_over() {
    let razorpay = Razorpay::default();
    let world = razorpay::world(&razorpay).await;
    let message = recorded("payment.captured", "order_of_nobody", "pay_1", 50_000, json!([]));
    webhook(&world, &message, "evt").await.expect(200);
    webhook(&world, "{", "evt").await.expect(200);
    webhook(&world, &recorded("order.paid", "order_1", "pay_1", 50_000, json!([])), "evt").await.expect(200);
    let ctx = world.service.ctx();
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
        world.service.clock.advance_secs(days * 86_400);
        world.service.run_job("webhook_retention").await;
        assert_eq!(bodies().await.len(), left, "{days}");
    }
    assert_eq!(bodies().await, [Vec::<u8>::new()], "of what could not be read the reason stays");
    world.service.clock.advance_secs(181 * 86_400);
    world.service.run_job("webhook_retention").await;
    assert!(bodies().await.is_empty());
    // The capture is the record: the message still takes effect once.
    webhook(&world, &message, "evt").await.expect(200);
    let c = &mut *ctx.db().read().await.expect("a connection");
    assert_eq!(captures::table.count().get_result::<i64>(c).await.expect("a count"), 1);
    world.service.finish().await;
}

#[tokio::test]
async fn bodies_that_an_earlier_release_stored_in_clear_are_sealed() {
    let razorpay = Razorpay::default();
    let world = razorpay::world(&razorpay).await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    let body = recorded("payment.captured", text(&payment["checkout"], "order_id"), "pay_1", 50_000, json!([]));
    let ctx = world.service.ctx();
    {
        // As the release before wrote it: without the new columns.
        let c = &mut *ctx.db().write().await.expect("a connection");
        let row = (
            webhook_events::gateway.eq("razorpay"),
            webhook_events::event_key.eq(booking::gateway::event_key(body.as_bytes())),
            webhook_events::body.eq(body.as_bytes()),
            webhook_events::error.eq("it failed"),
            webhook_events::received_at.eq(world.service.now()),
        );
        diesel::insert_into(webhook_events::table).values(row).execute(c).await.expect("inserted");
    }
    world.service.run_job("webhook_retention").await;
    let c = &mut *ctx.db().read().await.expect("a connection");
    let stored: Vec<u8> = webhook_events::table.select(webhook_events::body).first(c).await.expect("a body");
    assert!(!String::from_utf8_lossy(&stored).contains("example.com"));
    world.service.run_job("webhooks").await;
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(events(&world, "processed").await.len(), 1);
    world.service.finish().await;
}

#[tokio::test]
async fn messages_are_stored_listed_and_removed_on_services() {
    with_database(async |url| {
        let razorpay = Razorpay::default();
        let world = razorpay::world_with(&razorpay, &[("DATABASE_URL", &url)]).await;
        for body in ["{", "{}", "[]"] {
            webhook(&world, body, "evt").await.expect(200);
            webhook(&world, body, "evt").await.expect(200);
        }
        let page = world.staff().get("/payments/webhook-events?limit=2").await.expect(200);
        assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
        let next = format!("/payments/webhook-events?limit=2&cursor={}", text(&page, "next_cursor"));
        let last = world.staff().get(&next).await.expect(200);
        assert_eq!((last["items"].as_array().map(Vec::len), &last["next_cursor"]), (Some(1), &Value::Null));
        retried(&world, &last["items"][0]).await;
        world.service.clock.advance_secs(400 * 86_400);
        world.service.run_job("webhook_retention").await;
        assert!(events(&world, "unreadable").await.is_empty());
        world.service.finish().await;
    })
    .await;
}
