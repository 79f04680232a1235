//! Test double of Razorpay's API, which follows its public documentation.

use crate::fixture::Fixture;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use testkit::Reply;

/// A received call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) idempotency: String,
    pub(crate) body: Value,
}

#[derive(Clone, Default)]
pub(crate) struct Razorpay {
    calls: Arc<Mutex<Vec<Call>>>,
    /// Queued answers, used last first, and whether the request takes effect all the same.
    answers: Arc<Mutex<Vec<(u16, Value, bool)>>>,
    orders: Arc<Mutex<Vec<Value>>>,
    /// Refunds, newest first.
    refunds: Arc<Mutex<Vec<Value>>>,
    /// The body and the answer of the first request with each idempotency key.
    keys: Arc<Mutex<HashMap<String, (Value, Value)>>>,
    /// The status of new refunds; `processed` when it is empty.
    refund_status: Arc<Mutex<String>>,
    /// Payments, newest first.
    payments: Arc<Mutex<Vec<Value>>>,
    /// The time at which the fixture started, in seconds.
    now: Arc<Mutex<i64>>,
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
    let call = calls.last().expect("it was pushed").clone();
    let number = calls.len();
    drop(calls);
    let other = state.answers.lock().expect("a lock").pop();
    let done = other.as_ref().is_none_or(|(_, _, done)| *done);
    let good = if request.method() == "GET" && request.path() == "/v1/orders" {
        let query = web::Query::<HashMap<String, String>>::from_query(request.query_string()).expect("a query");
        let orders = state.orders.lock().expect("a lock");
        let items: Vec<Value> = orders.iter().filter(|o| o["receipt"] == query["receipt"].as_str()).cloned().collect();
        (200, json!({ "entity": "collection", "items": items }))
    } else if let Some(id) = request.path().strip_prefix("/v1/payments/").filter(|id| !id.contains('/')) {
        state.payment(id)
    } else if request.method() == "GET" {
        let query = web::Query::<HashMap<String, i64>>::from_query(request.query_string()).expect("numbers");
        (200, json!({ "entity": "collection", "items": state.listed(request.path(), &query) }))
    } else if request.path() == "/v1/orders" {
        let id = format!("order_Abc{number}");
        let order = json!({ "id": id, "entity": "order", "receipt": call.body["receipt"], "status": "created" });
        if done {
            state.orders.lock().expect("a lock").push(order.clone());
        }
        (200, order)
    } else if let Some(id) = request.path().strip_prefix("/v1/payments/").and_then(|p| p.strip_suffix("/capture")) {
        state.capture(id, &call.body, done)
    } else if done {
        state.refund(&call)
    } else {
        (200, json!({}))
    };
    let (status, body) = other.map_or(good, |(status, body, _)| (status, body));
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).expect("a status")).json(body)
}

impl Razorpay {
    /// Starts listening on a free port; returns the URL.
    pub(crate) fn listen(&self) -> String {
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
        if let Some(payment) = path.strip_prefix("/v1/payments/").and_then(|p| p.strip_suffix("/refunds")) {
            let refunds = self.refunds.lock().expect("a lock");
            let of = refunds.iter().filter(|r| r["payment_id"] == payment);
            return of.skip(skip.expect("skip")).take(count.expect("count")).cloned().collect();
        }
        if path == "/v1/refunds" {
            let refunds = self.refunds.lock().expect("a lock");
            let asked = |r: &&Value| r["created_at"].as_i64().is_some_and(|at| from <= at && at <= to);
            return refunds
                .iter()
                .filter(asked)
                .skip(skip.expect("skip"))
                .take(count.expect("count"))
                .cloned()
                .collect();
        }
        let order = path.strip_prefix("/v1/orders/").and_then(|p| p.strip_suffix("/payments"));
        let asked = |p: &&Value| {
            let begun = p["created_at"].as_i64().expect("a time");
            from <= begun && begun <= to && order.is_none_or(|order| p["order_id"] == order)
        };
        let payments = self.payments.lock().expect("a lock");
        payments.iter().filter(asked).skip(skip.expect("skip")).take(count.expect("count")).cloned().collect()
    }
    /// A page of the payment list, as it is answered.
    pub(crate) fn listing(&self, skip: i64, count: i64) -> Value {
        let query = HashMap::from([("skip".to_owned(), skip), ("count".to_owned(), count)]);
        json!({ "items": self.listed("/v1/payments", &query) })
    }
    fn payment(&self, id: &str) -> (u16, Value) {
        let payments = self.payments.lock().expect("a lock");
        let unknown =
            json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": "The id provided does not exist" } });
        payments.iter().find(|payment| payment["id"] == id).map_or((400, unknown), |payment| (200, payment.clone()))
    }
    /// Captures an authorised payment. A second capture is refused.
    fn capture(&self, id: &str, body: &Value, done: bool) -> (u16, Value) {
        let mut payments = self.payments.lock().expect("a lock");
        let payment = payments.iter_mut().find(|p| p["id"] == id).expect("a payment");
        if payment["status"] != "authorized" || payment["amount"] != body["amount"] {
            let description = "This payment has already been captured";
            return (400, json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": description } }));
        }
        if done {
            payment["status"] = json!("captured");
        }
        (200, payment.clone())
    }
    /// Adds a payment to the list without a webhook.
    pub(crate) fn add_payment(&self, payment: Value) {
        self.payments.lock().expect("a lock").insert(0, payment);
    }
    /// Changes a field of a listed payment.
    pub(crate) fn set_payment(&self, id: &str, field: &str, value: Value) {
        let mut payments = self.payments.lock().expect("a lock");
        payments.iter_mut().find(|payment| payment["id"] == id).expect("a payment")[field] = value;
    }
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("a lock").clone()
    }
    pub(crate) fn queue_answer(&self, status: u16, body: Value) {
        self.answers.lock().expect("a lock").push((status, body, false));
    }
    /// Loses the next answer, although the request takes effect.
    pub(crate) fn lose_next_answer(&self) {
        self.answers.lock().expect("a lock").push((502, json!({}), true));
    }
    /// Answers the next requests with an authentication error.
    pub(crate) fn fail_authentication(&self, times: usize) {
        let error = json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": "Authentication failed" } });
        (0..times).for_each(|_| self.queue_answer(401, error.clone()));
    }
    pub(crate) fn set_refund_status(&self, status: &str) {
        status.clone_into(&mut self.refund_status.lock().expect("a lock"));
    }
    pub(crate) fn order_count(&self) -> usize {
        self.orders.lock().expect("a lock").len()
    }
    pub(crate) fn refunds(&self) -> Vec<Value> {
        self.refunds.lock().expect("a lock").clone()
    }
    pub(crate) fn set_refund(&self, id: &str, status: &str) {
        let mut refunds = self.refunds.lock().expect("a lock");
        refunds.iter_mut().filter(|r| r["id"] == id).for_each(|r| r["status"] = json!(status));
    }
    /// Adds a refund made in the dashboard.
    pub(crate) fn add_dashboard_refund(&self, payment: &str, paise: i64, status: &str) -> Value {
        let mut refunds = self.refunds.lock().expect("a lock");
        let refund = json!({
            "id": format!("rfnd_{}", refunds.len() + 1), "entity": "refund", "amount": paise, "currency": "INR",
            "payment_id": payment, "receipt": null, "notes": [], "status": status,
            "created_at": *self.now.lock().expect("a lock")
        });
        refunds.insert(0, refund.clone());
        refund
    }
    /// Creates a refund. Every payment is of 500.00. The same key with the same body answers the same refund.
    fn refund(&self, call: &Call) -> (u16, Value) {
        let refused = |description: &str| {
            (400, json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": description, "reason": "NA" } }))
        };
        let mut keys = self.keys.lock().expect("a lock");
        match keys.get(&call.idempotency) {
            Some((body, answer)) if *body == call.body => return (200, answer.clone()),
            Some(_) => {
                return refused("Different request with the same idempotency key has already been processed.");
            }
            None => {}
        }
        let payment = call.path.trim_start_matches("/v1/payments/").trim_end_matches("/refund").to_owned();
        let mut refunds = self.refunds.lock().expect("a lock");
        let live = refunds.iter().filter(|r| r["payment_id"] == payment.as_str() && r["status"] != "failed");
        let live: i64 = live.filter_map(|r| r["amount"].as_i64()).sum();
        let amount = call.body["amount"].as_i64().expect("an amount");
        if live >= 50_000 {
            return refused("The payment has been fully refunded already");
        }
        if live + amount > 50_000 {
            return refused("The total refund amount is greater than the refund payment amount");
        }
        let status = self.refund_status.lock().expect("a lock").clone();
        let status = if status.is_empty() { "processed".to_owned() } else { status };
        let refund = json!({
            "id": format!("rfnd_{}", refunds.len() + 1), "entity": "refund", "amount": amount, "currency": "INR",
            "payment_id": payment, "receipt": call.body["receipt"], "notes": call.body["notes"], "status": status,
            "created_at": *self.now.lock().expect("a lock")
        });
        refunds.insert(0, refund.clone());
        keys.insert(call.idempotency.clone(), (call.body.clone(), refund.clone()));
        (200, refund)
    }
}

pub(crate) async fn fixture(razorpay: &Razorpay) -> Fixture {
    fixture_with(razorpay, &[]).await
}

pub(crate) async fn fixture_with(razorpay: &Razorpay, more: &[(&str, &str)]) -> Fixture {
    let url = razorpay.listen();
    let variables = [
        ("RAZORPAY_KEY_ID", "rzp_test_1"),
        ("RAZORPAY_KEY_SECRET", "key-secret"),
        ("RAZORPAY_WEBHOOK_SECRET", "webhook-secret"),
        ("RAZORPAY_API_URL", &url),
    ];
    let fixture = Fixture::start_with(&[&variables[..], more].concat()).await;
    *razorpay.now.lock().expect("a lock") = fixture.service.now().utc().timestamp();
    fixture
}

/// A webhook body of Razorpay, without the fields that are not read.
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

pub(crate) async fn webhook(fixture: &Fixture, body: &str, id: &str) -> Reply {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"webhook-secret").expect("any length");
    mac.update(body.as_bytes());
    let anyone = fixture.service.anonymous();
    let request = anyone
        .request(reqwest::Method::POST, "/payments/webhooks/razorpay")
        .header("content-type", "application/json")
        .header("X-Razorpay-Signature", hex::encode(mac.finalize().into_bytes()))
        .header("X-Razorpay-Event-Id", id)
        .body(body.to_owned());
    anyone.send(request).await
}
