//! Test double of the API of RazorpayX, which follows its public documentation.

use crate::fixture::{Fixture, fixture_with};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use testkit::Reply;

/// The company's account.
pub(crate) const ACCOUNT: &str = "7878780080316316";

/// A received call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) idempotency: String,
    pub(crate) text: String,
    pub(crate) body: Value,
}

/// What the double does with a request for a payout, other than to answer it.
#[derive(Debug, Clone)]
pub(crate) enum Disturbance {
    /// Answers with this and does nothing.
    Answer(u16, Value),
    /// Does what is asked, and answers with this.
    DoneBut(u16, Value),
    /// Does what is asked, and closes the connection without an answer.
    DoneWithoutAnswer,
}

#[derive(Default)]
struct Store {
    calls: Vec<Call>,
    /// Disturbances of the next requests for payouts, in their order.
    disturbances: VecDeque<Disturbance>,
    /// Disturbances of the next other requests.
    other_disturbances: VecDeque<Disturbance>,
    /// Payouts, newest first.
    payouts: Vec<Value>,
    /// The body and the answer of the first request with each key.
    keys: HashMap<String, (String, Value)>,
    /// Contacts and fund accounts by their details, with their ids.
    entities: HashMap<String, String>,
    /// Money in the company's account, in paise.
    balance: Option<i64>,
}

#[derive(Clone, Default)]
pub(crate) struct RazorpayX(Arc<Mutex<Store>>);

async fn answer(state: web::Data<RazorpayX>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let call = Call {
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        authorization: header("authorization"),
        idempotency: header("x-payout-idempotency"),
        text: String::from_utf8(body.to_vec()).unwrap(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let mut store = state.store();
    store.calls.push(call.clone());
    let is_payout = call.method == "POST" && call.path == "/v1/payouts";
    let disturbance = if is_payout { store.disturbances.pop_front() } else { store.other_disturbances.pop_front() };
    let (status, body) = match disturbance {
        Some(Disturbance::Answer(status, body)) => (status, body),
        Some(Disturbance::DoneBut(status, body)) => {
            store.perform(&call);
            (status, body)
        }
        Some(Disturbance::DoneWithoutAnswer) => {
            store.perform(&call);
            // A body of another length than was promised ends the connection.
            return HttpResponse::Ok().no_chunking(100).streaming(futures_util::stream::once(async {
                Err::<web::Bytes, _>(std::io::Error::other("closed"))
            }));
        }
        None => store.perform(&call),
    };
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).json(body)
}

fn refused(description: &str, reason: &str) -> (u16, Value) {
    let error = json!({
        "code": "BAD_REQUEST_ERROR", "description": description, "source": "business", "step": null, "reason": reason,
        "metadata": {}
    });
    (400, json!({ "error": error }))
}

impl Store {
    fn perform(&mut self, call: &Call) -> (u16, Value) {
        match (call.method.as_str(), call.path.as_str()) {
            ("POST", "/v1/contacts") => self.create_entity("cont", &call.body),
            ("POST", "/v1/fund_accounts") => self.create_entity("fa", &call.body),
            ("POST", "/v1/payouts") => self.create_payout(call),
            ("GET", "/v1/payouts") => self.list(&call.query),
            ("GET", path) => {
                let id = path.trim_start_matches("/v1/payouts/");
                let found = self.payouts.iter().find(|p| p["id"] == id).cloned();
                found.map_or_else(|| refused("The id provided does not exist", "NA"), |payout| (200, payout))
            }
            _ => (404, json!({})),
        }
    }

    /// A contact or fund account; the same details answer the same one.
    fn create_entity(&mut self, kind: &str, body: &Value) -> (u16, Value) {
        let number = self.entities.len() + 1;
        let id = self.entities.entry(body.to_string()).or_insert_with(|| format!("{kind}_{number:014}"));
        (201, json!({ "id": id, "entity": kind, "active": true }))
    }

    fn create_payout(&mut self, call: &Call) -> (u16, Value) {
        if !(4..=36).contains(&call.idempotency.len()) {
            return refused("The idempotency key is missing or invalid.", "input_validation_failed");
        }
        match self.keys.get(&call.idempotency) {
            Some((body, answer)) if *body == call.text => {
                let now = self.payouts.iter().find(|p| p["id"] == answer["id"]).cloned();
                return (200, now.unwrap_or_default());
            }
            Some(_) => return refused("Different request body sent with the same idempotency key.", "NA"),
            None => {}
        }
        let amount = call.body["amount"].as_i64().unwrap();
        let has_money = self.balance.is_none_or(|balance| balance >= amount);
        if !has_money && call.body["queue_if_low_balance"] != true {
            return refused("Your account does not have enough balance to carry out the payout operation.", "NA");
        }
        let status = if has_money { "processing" } else { "queued" };
        let details = if has_money {
            json!({ "description": null, "source": null, "reason": null })
        } else {
            json!({
                "description": "Payout is queued as there is insufficient balance in your account.",
                "source": "business", "reason": "low_balance"
            })
        };
        let payout = json!({
            "id": format!("pout_{:014}", self.payouts.len() + 1), "entity": "payout",
            "fund_account_id": call.body["fund_account_id"], "amount": amount, "currency": "INR",
            "notes": call.body["notes"], "fees": 590, "tax": 90, "status": status, "purpose": call.body["purpose"],
            "utr": null, "mode": call.body["mode"], "reference_id": call.body["reference_id"],
            "narration": call.body["narration"], "batch_id": null, "status_details": details,
            "created_at": 1_794_265_700
        });
        self.payouts.insert(0, payout.clone());
        self.keys.insert(call.idempotency.clone(), (call.text.clone(), payout.clone()));
        (200, payout)
    }

    fn list(&self, query: &str) -> (u16, Value) {
        let query = web::Query::<HashMap<String, String>>::from_query(query).unwrap();
        if query.get("account_number").map(String::as_str) != Some(ACCOUNT) {
            return refused("The account number is invalid.", "input_validation_failed");
        }
        let asked =
            |p: &&Value| query.get("reference_id").is_none_or(|reference| p["reference_id"] == reference.as_str());
        let items: Vec<Value> = self.payouts.iter().filter(asked).cloned().collect();
        (200, json!({ "entity": "collection", "count": items.len(), "items": items }))
    }
}

impl RazorpayX {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap()
    }
    /// Starts listening on a free port; returns the URL.
    fn listen(&self) -> String {
        let state = web::Data::new(self.clone());
        let server = HttpServer::new(move || App::new().app_data(state.clone()).default_service(web::to(answer)))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        url
    }
    pub(crate) async fn fixture(&self, more: &[(&str, &str)]) -> Fixture {
        let url = self.listen();
        let variables = [
            ("RAZORPAYX_KEY_ID", "rzp_test_1"),
            ("RAZORPAYX_KEY_SECRET", "key-secret"),
            ("RAZORPAYX_WEBHOOK_SECRET", "webhook-secret"),
            ("RAZORPAYX_ACCOUNT_NUMBER", ACCOUNT),
            ("RAZORPAYX_API_URL", &url),
        ];
        fixture_with(&[&variables[..], more].concat()).await
    }
    pub(crate) fn disturb(&self, disturbance: Disturbance) {
        self.store().disturbances.push_back(disturbance);
    }
    pub(crate) fn forget_disturbances(&self) {
        self.store().disturbances.clear();
    }
    /// Disturbs the next request that is not one for a payout.
    pub(crate) fn disturb_other(&self, disturbance: Disturbance) {
        self.store().other_disturbances.push_back(disturbance);
    }
    pub(crate) fn set_balance(&self, paise: i64) {
        self.store().balance = Some(paise);
    }
    /// All calls so far, which are forgotten.
    pub(crate) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.store().calls)
    }
    /// The requests for payouts so far.
    pub(crate) fn requests(&self) -> Vec<Call> {
        let is_request = |call: &&Call| call.method == "POST" && call.path == "/v1/payouts";
        self.store().calls.iter().filter(is_request).cloned().collect()
    }
    pub(crate) fn payouts(&self) -> Vec<Value> {
        self.store().payouts.clone()
    }
    /// Sets fields of the payout with this reference; returns it.
    pub(crate) fn update(&self, reference: &str, fields: &Value) -> Value {
        let mut store = self.store();
        let payout = store.payouts.iter_mut().find(|p| p["reference_id"] == reference).unwrap();
        for (field, value) in fields.as_object().unwrap() {
            payout[field] = value.clone();
        }
        payout.clone()
    }
    /// Marks the payout with this reference as processed; returns it.
    pub(crate) fn process(&self, reference: &str, utr: &str) -> Value {
        self.update(reference, &json!({ "status": "processed", "utr": utr }))
    }
}

/// A webhook body with the payout as it is now.
pub(crate) fn event(kind: &str, payout: &Value) -> String {
    json!({
        "entity": "event", "account_id": "acc_00000000000001", "event": kind, "contains": ["payout"],
        "payload": { "payout": { "entity": payout } }, "created_at": 1_794_265_800
    })
    .to_string()
}

fn sign(secret: &[u8], body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

pub(crate) async fn webhook_signed_with(f: &Fixture, body: &str, secret: &[u8]) -> Reply {
    let anyone = f.anonymous();
    let request = anyone
        .request(reqwest::Method::POST, "/payouts/webhooks/razorpayx")
        .header("content-type", "application/json")
        .header("X-Razorpay-Signature", sign(secret, body))
        .body(body.to_owned());
    anyone.send(request).await
}

pub(crate) async fn webhook(f: &Fixture, kind: &str, payout: &Value) -> Reply {
    webhook_signed_with(f, &event(kind, payout), b"webhook-secret").await
}
