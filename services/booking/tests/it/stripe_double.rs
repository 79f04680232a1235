//! Test double of Stripe's API, which follows its public documentation: forms, idempotency keys, lists, signatures.

use crate::fixture::Fixture;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use futures_util::stream;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use testkit::Reply;

const SECRET_KEY: &str = "sk_test_1";
const WEBHOOK_SECRET: &str = "whsec_test_1";

/// A received call; `parameters` are those of the form or the address.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) version: String,
    pub(crate) content_type: String,
    pub(crate) idempotency: String,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// What happens to a request instead of its answer.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// None: it is answered.
    Pass,
    /// It is answered like this and has no effect.
    Refused(u16, Value),
    /// It takes effect, and the answer is lost.
    Lost,
    /// It takes effect, and the connection ends within the answer.
    Cut,
}

/// Status and body.
type Answer = (u16, Value);

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    faults: VecDeque<Fault>,
    sessions: Vec<Value>,
    /// PaymentIntents, oldest first.
    intents: Vec<Value>,
    /// Refunds, oldest first.
    refunds: Vec<Value>,
    /// Parameters and answer of the first request with each idempotency key.
    keys: HashMap<String, (BTreeMap<String, String>, Answer)>,
    /// The status of new refunds; `succeeded` when it is empty.
    refund_status: String,
    now: i64,
}

#[derive(Clone, Default)]
pub(crate) struct Stripe(Arc<Mutex<State>>);

fn error(status: u16, kind: &str, code: &str, message: &str) -> (u16, Value) {
    (status, json!({ "error": { "type": kind, "code": code, "message": message } }))
}

fn parameters(text: &str) -> BTreeMap<String, String> {
    web::Query::<Vec<(String, String)>>::from_query(text).expect("parameters").into_inner().into_iter().collect()
}

async fn answer(stripe: web::Data<Stripe>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let is_post = request.method() == "POST";
    let text =
        if is_post { String::from_utf8(body.to_vec()).expect("text") } else { request.query_string().to_owned() };
    let call = Call {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        authorization: header("authorization"),
        version: header("stripe-version"),
        content_type: header("content-type"),
        idempotency: header("idempotency-key"),
        parameters: parameters(&text),
    };
    let mut state = stripe.lock();
    state.calls.push(call.clone());
    let fault = state.faults.pop_front();
    if let Some(Fault::Refused(status, body)) = fault {
        return HttpResponse::build(StatusCode::from_u16(status).expect("a status")).json(body);
    }
    let (status, body) = if is_post { state.post(&call) } else { state.get(&call) };
    let status = StatusCode::from_u16(status).expect("a status");
    match fault {
        None | Some(Fault::Pass) => HttpResponse::build(status).json(body),
        Some(Fault::Cut) => {
            let part: Result<web::Bytes, std::io::Error> = Ok(web::Bytes::from_static(b"{ \"id\": \"re"));
            HttpResponse::build(status).streaming(stream::iter([part, Err(std::io::Error::other("cut"))]))
        }
        Some(Fault::Lost | Fault::Refused(..)) => HttpResponse::BadGateway().finish(),
    }
}

impl State {
    fn post(&mut self, call: &Call) -> (u16, Value) {
        assert_eq!(call.content_type, "application/x-www-form-urlencoded", "{call:?}");
        assert!(!call.idempotency.is_empty(), "{call:?}");
        match self.keys.get(&call.idempotency) {
            Some((first, answer)) if *first == call.parameters => return answer.clone(),
            Some(_) => return error(400, "idempotency_error", "", "Keys can only be used with the same parameters"),
            None => {}
        }
        let answer = match call.path.as_str() {
            "/v1/checkout/sessions" => self.create_session(&call.parameters),
            "/v1/refunds" => self.create_refund(&call.parameters),
            path => self.expire_session(path),
        };
        self.keys.insert(call.idempotency.clone(), (call.parameters.clone(), answer.clone()));
        answer
    }

    fn create_session(&mut self, form: &BTreeMap<String, String>) -> (u16, Value) {
        let number = |name: &str| form[name].parse::<i64>().expect("a number");
        let expires_at = number("expires_at");
        if !(self.now + 1_800..=self.now + 86_400).contains(&expires_at) {
            return error(400, "invalid_request_error", "", "The `expires_at` timestamp must be within 24 hours");
        }
        let id = format!("cs_test_{:0>58}", self.sessions.len() + 1);
        let session = json!({
            "id": id, "object": "checkout.session", "mode": form["mode"], "status": "open", "payment_status": "unpaid",
            "amount_total": number("line_items[0][price_data][unit_amount]"), "currency": "inr",
            "client_reference_id": form["client_reference_id"], "payment_intent": null, "created": self.now,
            "expires_at": expires_at, "metadata": { "payment_id": form["metadata[payment_id]"] },
            "url": format!("https://checkout.stripe.com/c/pay/{id}#fid"),
        });
        self.sessions.push(session.clone());
        (200, session)
    }

    fn expire_session(&mut self, path: &str) -> (u16, Value) {
        let id = path.strip_prefix("/v1/checkout/sessions/").and_then(|p| p.strip_suffix("/expire")).expect("a path");
        let session = self.sessions.iter_mut().find(|s| s["id"] == id).expect("a session");
        if session["status"] != "open" {
            return error(400, "invalid_request_error", "", "Only Checkout Sessions with a status of open can expire");
        }
        (session["status"], session["url"]) = (json!("expired"), Value::Null);
        (200, session.clone())
    }

    fn create_refund(&mut self, form: &BTreeMap<String, String>) -> (u16, Value) {
        let id = &form["payment_intent"];
        let Some(intent) = self.intents.iter().find(|i| i["id"] == *id) else {
            return error(404, "invalid_request_error", "resource_missing", "No such payment_intent");
        };
        let total = intent["amount"].as_i64().expect("an amount");
        let live = self.refunds.iter().filter(|r| r["payment_intent"] == *id && r["status"] != "failed");
        let live: i64 = live.filter_map(|r| r["amount"].as_i64()).sum();
        let amount: i64 = form["amount"].parse().expect("an amount");
        if live >= total {
            return error(400, "invalid_request_error", "charge_already_refunded", "Charge has already been refunded.");
        }
        if live + amount > total {
            let message = "Refund amount is greater than unrefunded amount on charge";
            return (400, json!({ "error": { "type": "invalid_request_error", "message": message } }));
        }
        let status = if self.refund_status.is_empty() { "succeeded" } else { &self.refund_status }.to_owned();
        let note = form.get("metadata[refund_id]").map_or(json!({}), |id| json!({ "refund_id": id }));
        (200, self.add_refund(id, amount, &status, note))
    }

    fn add_refund(&mut self, intent: &str, paise: i64, status: &str, metadata: Value) -> Value {
        let refund = json!({
            "id": format!("re_{}", self.refunds.len() + 1), "object": "refund", "amount": paise, "currency": "inr",
            "payment_intent": intent, "charge": format!("ch_{intent}"), "status": status, "metadata": metadata,
            "created": self.now,
        });
        self.refunds.push(refund.clone());
        refund
    }

    fn get(&self, call: &Call) -> (u16, Value) {
        if let Some(id) = call.path.strip_prefix("/v1/checkout/sessions/") {
            let mut session = self.sessions.iter().find(|s| s["id"] == id).expect("a session").clone();
            if call.parameters.get("expand[]").is_some_and(|field| field == "payment_intent.latest_charge") {
                let intent = self.intents.iter().find(|i| i["id"] == session["payment_intent"]);
                session["payment_intent"] = intent.map_or(Value::Null, |intent| self.expanded(intent));
            }
            return (200, session);
        }
        if let Some(id) = call.path.strip_prefix("/v1/payment_intents/") {
            let unknown = || error(404, "invalid_request_error", "resource_missing", "No such payment_intent");
            return self.intents.iter().find(|i| i["id"] == id).map_or_else(unknown, |intent| (200, intent.clone()));
        }
        let all: Vec<Value> = match call.path.as_str() {
            "/v1/payment_intents" => self.intents.iter().rev().map(|intent| self.expanded(intent)).collect(),
            "/v1/refunds" => self.refunds.iter().rev().cloned().collect(),
            path => panic!("{path}"),
        };
        let number = |name: &str, default| call.parameters.get(name).map_or(default, |n| n.parse().expect("a number"));
        let (from, to) = (number("created[gte]", 0), number("created[lte]", i64::MAX));
        let intent = call.parameters.get("payment_intent");
        let asked = |item: &Value| {
            let at = item["created"].as_i64().expect("a time");
            from <= at && at <= to && intent.is_none_or(|id| item["payment_intent"] == id.as_str())
        };
        let after = call.parameters.get("starting_after");
        let limit = usize::try_from(number("limit", 10)).expect("a limit");
        let before = |item: &Value| after.is_some_and(|id| item["id"] != id.as_str());
        let rest = all.into_iter().filter(asked).skip_while(before).skip(usize::from(after.is_some()));
        let rest: Vec<Value> = rest.collect();
        let data: Vec<Value> = rest.iter().take(limit).cloned().collect();
        (200, json!({ "object": "list", "data": data, "has_more": rest.len() > limit }))
    }

    /// A PaymentIntent with its charge.
    fn expanded(&self, intent: &Value) -> Value {
        let refunds = self.refunds.iter().filter(|r| r["payment_intent"] == intent["id"] && r["status"] != "failed");
        let refunded: i64 = refunds.filter_map(|r| r["amount"].as_i64()).sum();
        let mut intent = intent.clone();
        intent["latest_charge"] = json!({
            "id": intent["latest_charge"], "object": "charge", "amount_refunded": refunded, "created": intent["created"],
        });
        intent
    }
}

impl Stripe {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("a lock")
    }
    /// Starts listening on a free port; returns the URL.
    fn listen(&self) -> String {
        let stripe = web::Data::new(self.clone());
        let server = HttpServer::new(move || App::new().app_data(stripe.clone()).default_service(web::to(answer)))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .expect("a port");
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        url
    }
    /// Sets the double's clock to the fixture's.
    pub(crate) fn set_now(&self, fixture: &Fixture) {
        self.lock().now = fixture.service.now().utc().timestamp();
    }
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }
    pub(crate) fn sessions(&self) -> Vec<Value> {
        self.lock().sessions.clone()
    }
    pub(crate) fn refunds(&self) -> Vec<Value> {
        self.lock().refunds.clone()
    }
    /// Queues what happens to the next requests.
    pub(crate) fn queue(&self, faults: &[Fault]) {
        self.lock().faults.extend(faults.iter().cloned());
    }
    pub(crate) fn set_refund_status(&self, status: &str) {
        status.clone_into(&mut self.lock().refund_status);
    }
    pub(crate) fn set_refund(&self, id: &str, status: &str) -> Value {
        let mut state = self.lock();
        let refund = state.refunds.iter_mut().find(|r| r["id"] == id).expect("a refund");
        refund["status"] = json!(status);
        refund.clone()
    }
    /// Adds a refund made in the dashboard.
    pub(crate) fn add_dashboard_refund(&self, intent: &str, paise: i64) -> Value {
        self.lock().add_refund(intent, paise, "succeeded", json!({}))
    }
    /// Adds a payment that is of no session.
    pub(crate) fn add_intent(&self, paise: i64, currency: &str, metadata: Value) -> Value {
        let mut state = self.lock();
        let (id, now) = (format!("pi_{}", state.intents.len() + 1), state.now);
        let intent = json!({
            "id": id, "object": "payment_intent", "status": "succeeded", "amount": paise, "amount_received": paise,
            "currency": currency, "latest_charge": format!("ch_{id}"), "metadata": metadata, "created": now,
        });
        state.intents.push(intent.clone());
        intent
    }
    /// The payer pays a session; returns it.
    pub(crate) fn pay(&self, session: &str) -> Value {
        let found = self.sessions().into_iter().find(|s| s["id"] == session).expect("a session");
        assert_eq!(found["status"], "open", "the payer cannot pay");
        let intent =
            self.add_intent(found["amount_total"].as_i64().expect("an amount"), "inr", found["metadata"].clone());
        let mut state = self.lock();
        let session = state.sessions.iter_mut().find(|s| s["id"] == session).expect("a session");
        let paid =
            json!({ "status": "complete", "payment_status": "paid", "payment_intent": intent["id"], "url": null });
        let paid: Map<String, Value> = paid.as_object().expect("an object").clone();
        session.as_object_mut().expect("an object").extend(paid);
        session.clone()
    }
    pub(crate) fn expire(&self, session: &str) -> Value {
        let path = format!("/v1/checkout/sessions/{session}/expire");
        self.lock().expire_session(&path).1
    }
    pub(crate) fn intent(&self, id: &str) -> Value {
        self.lock().intents.iter().find(|i| i["id"] == id).expect("an intent").clone()
    }
}

pub(crate) async fn fixture(stripe: &Stripe) -> Fixture {
    fixture_with(stripe, &[]).await
}

pub(crate) async fn fixture_with(stripe: &Stripe, more: &[(&str, &str)]) -> Fixture {
    let url = stripe.listen();
    let variables = [
        ("STRIPE_SECRET_KEY", SECRET_KEY),
        ("STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("STRIPE_API_URL", &url),
        ("PUBLIC_URL", "https://ev.example/"),
    ];
    let fixture = Fixture::start_with(&[&variables[..], more].concat()).await;
    stripe.set_now(&fixture);
    fixture
}

/// An event of Stripe about this object, with an id of its own.
pub(crate) fn event(fixture: &Fixture, kind: &str, object: &Value) -> String {
    json!({
        "id": format!("evt_{}", runtime::id::fresh::<uuid::Uuid>().simple()), "object": "event", "type": kind,
        "api_version": "2024-06-20", "livemode": false, "pending_webhooks": 1, "request": null,
        "created": fixture.service.now().utc().timestamp(), "data": { "object": object }
    })
    .to_string()
}

/// The signature of a body at a time.
pub(crate) fn sign(secret: &str, secs: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(format!("{secs}.{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

pub(crate) async fn send_signed(fixture: &Fixture, body: &str, signature: &str) -> Reply {
    let anyone = fixture.service.anonymous();
    let request = anyone
        .request(reqwest::Method::POST, "/payments/webhooks/stripe")
        .header("content-type", "application/json; charset=utf-8")
        .header("Stripe-Signature", signature)
        .body(body.to_owned());
    anyone.send(request).await
}

pub(crate) async fn webhook(fixture: &Fixture, body: &str) -> Reply {
    let secs = fixture.service.now().utc().timestamp();
    let signature = format!("t={secs},v1={}", sign(WEBHOOK_SECRET, secs, body));
    send_signed(fixture, body, &signature).await
}
