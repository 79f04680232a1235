//! Razorpay, spoken to as its documentation says, with a stand-in for its servers.

use crate::world::{SCOOTER, World, text};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hmac::{Hmac, KeyInit, Mac};
use proto_events::booking::v1::PaymentReturned;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use testkit::Reply;

/// A call the stand-in got: its path, its headers that matter, its body.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) query: String,
    authorization: String,
    idempotency: String,
    body: Value,
}

#[derive(Clone, Default)]
pub(crate) struct Razorpay {
    calls: Arc<Mutex<Vec<Call>>>,
    /// What to answer next; by default a good answer.
    answers: Arc<Mutex<Vec<(u16, Value)>>>,
    /// What it has taken, newest first.
    payments: Arc<Mutex<Vec<Value>>>,
}

async fn answer(state: web::Data<Razorpay>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let mut calls = state.calls.lock().expect("a lock");
    calls.push(Call {
        path: request.path().to_owned(),
        authorization: header("authorization"),
        query: request.query_string().to_owned(),
        idempotency: header("x-refund-idempotency"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    });
    let id = if request.path() == "/v1/orders" { "order_Abc" } else { "rfnd_Abc" };
    let good = if request.method() == "GET" {
        let query = web::Query::<HashMap<String, i64>>::from_query(request.query_string()).expect("numbers");
        json!({ "entity": "collection", "items": state.listed(request.path(), &query) })
    } else {
        json!({ "id": format!("{id}{}", calls.len()), "entity": "any", "status": "processed" })
    };
    let good = (200, good);
    let (status, body) = state.answers.lock().expect("a lock").pop().unwrap_or(good);
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).expect("a status")).json(body)
}

impl Razorpay {
    /// Listens on a port of its own; answers its URL.
    fn listen(&self) -> String {
        let state = web::Data::new(self.clone());
        let server = HttpServer::new(move || App::new().app_data(state.clone()).default_service(web::to(answer)))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .expect("a port");
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        url
    }
    fn listed(&self, path: &str, query: &HashMap<String, i64>) -> Vec<Value> {
        let number = |name: &str, default| query.get(name).copied().unwrap_or(default);
        let (from, to) = (number("from", 0), number("to", i64::MAX));
        let (skip, count) = (usize::try_from(number("skip", 0)), usize::try_from(number("count", 10)));
        let order = path.strip_prefix("/v1/orders/").and_then(|p| p.strip_suffix("/payments"));
        let asked = |p: &&Value| {
            let begun = p["created_at"].as_i64().expect("a time");
            from <= begun && begun <= to && order.is_none_or(|order| p["order_id"] == order)
        };
        let payments = self.payments.lock().expect("a lock");
        payments.iter().filter(asked).skip(skip.expect("skip")).take(count.expect("count")).cloned().collect()
    }
    /// What it would answer of its list.
    pub(crate) fn listing(&self, skip: i64, count: i64) -> Value {
        let query = HashMap::from([("skip".to_owned(), skip), ("count".to_owned(), count)]);
        json!({ "items": self.listed("/v1/payments", &query) })
    }
    /// Takes a payment and tells nobody.
    pub(crate) fn take(&self, payment: Value) {
        self.payments.lock().expect("a lock").insert(0, payment);
    }
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("a lock").clone()
    }
    pub(crate) fn next(&self, status: u16, body: Value) {
        self.answers.lock().expect("a lock").push((status, body));
    }
}

pub(crate) async fn world(razorpay: &Razorpay) -> World {
    world_with(razorpay, &[]).await
}

pub(crate) async fn world_with(razorpay: &Razorpay, more: &[(&str, &str)]) -> World {
    let url = razorpay.listen();
    let variables = [
        ("RAZORPAY_KEY_ID", "rzp_test_1"),
        ("RAZORPAY_KEY_SECRET", "key-secret"),
        ("RAZORPAY_WEBHOOK_SECRET", "webhook-secret"),
        ("RAZORPAY_API_URL", &url),
    ];
    World::start_with(&[&variables[..], more].concat()).await
}

/// A webhook as Razorpay sends it, shortened by fields that are not read.
pub(crate) fn recorded(event: &str, order: &str, pay: &str, paise: i64, notes: Value) -> String {
    json!({
        "entity": "event", "account_id": "acc_F5Jh", "event": event, "contains": ["payment"],
        "payload": { "payment": { "entity": {
            "id": pay, "entity": "payment", "amount": paise, "currency": "INR", "status": "captured",
            "order_id": order, "invoice_id": null, "international": false, "method": "upi", "captured": true,
            "description": null, "vpa": "a@upi", "email": "a@example.com", "contact": "+919900000000",
            "notes": notes, "fee": 2, "tax": 0, "error_code": null, "error_description": null,
            "created_at": 1_567_674_599
        } } },
        "created_at": 1_567_674_606
    })
    .to_string()
}

pub(crate) async fn webhook(world: &World, body: &str, id: &str) -> Reply {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"webhook-secret").expect("any length");
    mac.update(body.as_bytes());
    let anyone = world.service.anonymous();
    let request = anyone
        .request(reqwest::Method::POST, "/payments/webhooks/razorpay")
        .header("content-type", "application/json")
        .header("X-Razorpay-Signature", hex::encode(mac.finalize().into_bytes()))
        .header("X-Razorpay-Event-Id", id)
        .body(body.to_owned());
    anyone.send(request).await
}

#[tokio::test]
async fn an_order_is_made_outside_and_its_capture_pays() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let booked = world.book_with(json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" })).await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let body = json!({ "amount": "500.00", "method": "online" });
    let payment = world.client.post_with_key(&path, "k", body.clone()).await.expect(201);
    assert_eq!(payment["checkout"]["order_id"], "order_Abc1");
    assert_eq!(payment["checkout"]["key_id"], "rzp_test_1");
    let again = world.client.post_with_key(&path, "k", body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), payment);
    let calls = razorpay.calls();
    assert_eq!((calls.len(), calls[0].path.as_str()), (1, "/v1/orders"));
    assert_eq!(calls[0].authorization, "Basic cnpwX3Rlc3RfMTprZXktc2VjcmV0");
    assert_eq!((&calls[0].body["amount"], &calls[0].body["receipt"]), (&json!(50_000), &payment["id"]));
    let message = recorded("payment.captured", "order_Abc1", "pay_1", 50_000, json!([]));
    for _ in 0..2 {
        webhook(&world, &message, "evt_1").await.expect(200);
    }
    let authorized = recorded("payment.authorized", "order_Abc1", "pay_1", 50_000, json!({}));
    webhook(&world, &authorized, "evt_2").await.expect(200);
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(world.completed().await.len(), 1);
    world.service.anonymous().post("/payments/webhooks/sandbox", json!({})).await.problem(404);
    world.service.finish().await;
}

#[tokio::test]
async fn an_order_that_could_not_be_made_is_asked_for_again() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let booked = world.book("500.00").await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let body = json!({ "amount": "500.00", "method": "online" });
    // Tried twice while the client waits, not three times.
    for _ in 0..2 {
        razorpay.next(503, json!({}));
    }
    let refused = world.client.post_with_key(&path, "k", body.clone()).await;
    assert_eq!(refused.problem(503), "request.dependency_unavailable");
    razorpay.next(503, json!({}));
    let payment = world.client.post_with_key(&path, "k", body).await.expect(201);
    assert_eq!(payment["checkout"]["order_id"], "order_Abc4");
    assert_eq!(world.client.get("/payments").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    world.service.finish().await;
}

#[tokio::test]
async fn a_capture_that_comes_before_its_order_is_noted_finds_its_payment() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    for _ in 0..2 {
        razorpay.next(503, json!({}));
    }
    assert_eq!(world.try_pay(id, "500.00", "online").await.status, 503);
    let waiting = world.client.get("/payments").await.expect(200)["items"][0].clone();
    let notes = json!({ "payment_id": waiting["id"] });
    let message = recorded("payment.captured", "order_lost", "pay_1", 50_000, notes);
    webhook(&world, &message, "evt_1").await.expect(200);
    assert_eq!(world.booking(id).await["status"], "confirmed");
    world.service.finish().await;
}

#[tokio::test]
async fn a_refund_is_asked_for_once_it_is_committed_and_falls_back_to_the_wallet() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let mut payments = Vec::new();
    for n in ["1", "2"] {
        let booked = world.book("500.00").await;
        let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
        let order = text(&payment["checkout"], "order_id").to_owned();
        let message = recorded("payment.captured", &order, &format!("pay_{n}"), 50_000, json!({}));
        webhook(&world, &message, &format!("evt_{n}")).await.expect(200);
        let path = format!("/bookings/{}/cancel", text(&booked, "id"));
        world.client.post(&path, json!({ "refund_to": "source" })).await.expect(200);
        payments.push(payment);
    }
    let refund = async |n: usize| world.payment(text(&payments[n], "id")).await["refund"].clone();
    assert_eq!(refund(0).await["status"], "requested");
    // Answers are taken from the end: the first refund is unanswered at first, the second one refused.
    razorpay.next(400, json!({ "error": { "code": "BAD_REQUEST_ERROR" } }));
    razorpay.next(502, json!({}));
    world.service.run_job("refunds").await;
    world.service.run_job("refunds").await;
    world.service.run_job("refunds").await;
    assert_eq!(refund(0).await["status"], "done");
    assert_eq!(refund(1).await["status"], "failed");
    let returned: Vec<PaymentReturned> = world.service.published().await;
    assert_eq!((returned.len(), returned[0].cause.as_str()), (1, "source_refund_failed"));
    let asked: Vec<Call> = razorpay.calls().into_iter().filter(|c| c.path.ends_with("/refund")).collect();
    assert_eq!(
        asked.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(),
        ["/v1/payments/pay_1/refund", "/v1/payments/pay_2/refund", "/v1/payments/pay_1/refund"]
    );
    assert_eq!(asked[0].idempotency, asked[2].idempotency);
    assert!(!asked[0].idempotency.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn the_id_in_an_unsigned_header_makes_no_message_known() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let first = world.book("500.00").await;
    let second = world.book("500.00").await;
    world.pay(text(&first, "id"), "500.00", "online").await;
    world.pay(text(&second, "id"), "500.00", "online").await;
    let one = recorded("payment.captured", "order_Abc1", "pay_1", 50_000, json!([]));
    let two = recorded("payment.captured", "order_Abc2", "pay_2", 50_000, json!([]));
    for message in [&one, &two, &one] {
        webhook(&world, message, "evt_1").await.expect(200);
    }
    // The same message under other ids is still the same.
    webhook(&world, &one, "evt_2").await.expect(200);
    assert_eq!(world.booking(text(&first, "id")).await["status"], "confirmed");
    assert_eq!(world.booking(text(&second, "id")).await["status"], "confirmed");
    assert_eq!(world.completed().await.len(), 2);
    assert!(world.service.published::<PaymentReturned>().await.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn a_capture_without_a_payment_id_is_recorded_all_the_same() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    for order in ["order_Abc1", "order_Abc2"] {
        let booked = world.book("500.00").await;
        world.pay(text(&booked, "id"), "500.00", "online").await;
        let mut message: Value =
            serde_json::from_str(&recorded("payment.captured", order, "", 50_000, json!([]))).expect("JSON");
        let entity = message["payload"]["payment"]["entity"].as_object_mut().expect("an object");
        entity.remove("id");
        for _ in 0..2 {
            webhook(&world, &message.to_string(), "evt_1").await.expect(200);
        }
        assert_eq!(world.booking(text(&booked, "id")).await["status"], "confirmed", "{order}");
    }
    assert_eq!(world.completed().await.len(), 2);
    world.service.finish().await;
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_is_left_alone_and_clients_are_told_for_how_long() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let booked = world.book("500.00").await;
    for _ in 0..5 {
        razorpay.next(500, json!({}));
    }
    for _ in 0..3 {
        assert_eq!(world.try_pay(text(&booked, "id"), "500.00", "online").await.status, 503);
    }
    assert_eq!(razorpay.calls().len(), 5);
    let refused = world.try_pay(text(&booked, "id"), "500.00", "online").await;
    assert_eq!((refused.status, refused.header("retry-after").as_str()), (503, "30"));
    assert_eq!(razorpay.calls().len(), 5);
    let health = reqwest::get(format!("{}/health/ready", world.service.anonymous().base())).await.expect("an answer");
    assert_eq!(health.status(), 200);
    let health: Value = health.json().await.expect("JSON");
    assert_eq!(health["status"], "degraded");
    world.service.clock.advance_secs(30);
    world.pay(text(&booked, "id"), "500.00", "online").await;
    world.service.finish().await;
}
