//! Access of a member to what belongs to another: every route with a parameter in its path, by the list in
//! [`crate::routes`], and every list that takes the id of a member.

use crate::platform::{TestPlatform, TestUser};
use crate::routes::{Route, listed};
use http_api::Access;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::{Client, Reply};

/// Routes whose parameter names nothing that belongs to a member.
const WITHOUT_OWNER: [&str; 1] = ["/api/v1/compliance/tds/{fy}/certificate"];
/// Query parameters that name a member.
const NAME_A_MEMBER: [&str; 2] = ["user_id", "root"];

/// What a member owns: an id for the beginning of each path that takes one.
type Possessions = BTreeMap<&'static str, String>;

pub(crate) async fn what_belongs_to_another_is_not_found(platform: &TestPlatform) {
    let owner = platform.member(None).await;
    let owned = acquire(platform, &owner).await;
    let stranger = platform.member(None).await;
    let stored = contents(&owner).await;
    for route in listed().iter().filter(|route| route.access() == Access::User && route.path.contains('{')) {
        if WITHOUT_OWNER.contains(&&*route.path) {
            continue;
        }
        let path = path_of(route, &owned);
        let refused = call(&stranger.http, route, &path).await;
        assert_eq!(refused.status, 404, "{route:?} for another member: {refused:?}");
        if route.method == "GET" {
            let reply = call(&owner.http, route, &path).await;
            // A receipt may be pending, and a booking may have a schedule already.
            assert!([200, 409].contains(&reply.status), "{route:?} for its owner: {reply:?}");
        }
    }
    lists_of_another_are_empty(platform, &owner, &stranger).await;
    assert_eq!(contents(&owner).await, stored, "a request of another member changed something");
}

/// Makes a member the owner of one of everything.
async fn acquire(platform: &TestPlatform, owner: &TestUser) -> Possessions {
    let booking = owner.book_with(platform, json!({ "booking_amount": "500.00", "emi_months": 12 })).await;
    let payment = owner.pay(platform, &booking, "500.00").await;
    owner.wait_for_place(platform).await;
    // Money of a wallet earns nothing, so the referrer forfeits the bonus.
    let referred = platform.member(Some(owner)).await;
    referred.deposit(platform, "500.00").await;
    referred.wait_for_balance(platform, "available", "500.00").await;
    let body = json!({ "amount": "500.00", "method": "wallet" });
    let referred_booking = referred.book(platform, "500.00").await;
    referred.http.post(&format!("/bookings/{referred_booking}/payments"), body).await.expect(201);
    let forfeits = async || owner.http.get("/wallet/forfeits").await.expect(200)["items"].as_array().unwrap().len();
    platform.wait_until("a forfeit", 1, forfeits).await;
    owner.approve_kyc(platform).await;
    owner.deposit(platform, "1000.00").await;
    owner.wait_for_balance(platform, "available", "1000.00").await;
    let payout = owner.payout(platform, "500.00", false).await;
    let form = Form::new()
        .text("kind", "address_proof")
        .part("file", Part::bytes(b"%PDF-1.4\n%%EOF\n".as_slice()).file_name("proof.pdf"));
    let grievance = owner.http.post("/grievances", json!({ "category": "other", "text": "x" })).await.expect(201);
    let upload = owner.http.request(Method::POST, "/compliance/documents").multipart(form);
    let document = owner.http.send(upload).await.expect(201);
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let first = async |list: &str| text(&owner.http.get(list).await.expect(200)["items"][0]["id"]);
    let notified = async || owner.http.get("/notifications").await.expect(200)["items"][0]["id"].is_string();
    platform.wait_until("a notification", true, notified).await;
    Possessions::from([
        ("/api/v1/auth/sessions/", first("/auth/sessions").await),
        ("/api/v1/binary/nodes/", owner.id.clone()),
        ("/api/v1/bookings/", booking),
        ("/api/v1/compliance/documents/", text(&document["id"])),
        ("/api/v1/grievances/", text(&grievance["id"])),
        ("/api/v1/notifications/", first("/notifications").await),
        // Subscriptions are of browsers, which these tests lack: another member's are tested in the service.
        ("/api/v1/notifications/push/subscriptions/", owner.id.clone()),
        ("/api/v1/payments/", payment),
        ("/api/v1/payouts/", text(&payout["id"])),
        ("/api/v1/payouts/bank-accounts/", first("/payouts/bank-accounts").await),
        ("/api/v1/wallet/forfeits/", first("/wallet/forfeits").await),
        ("/api/v1/wallet/transactions/", first("/wallet/transactions").await),
    ])
}

/// The path of a route below `/api/v1`, with the owner's id. A new route with a parameter needs a possession.
fn path_of(route: &Route, owned: &Possessions) -> String {
    let (beginning, rest) = route.path.split_once('{').expect("a parameter");
    let (_, end) = rest.split_once('}').expect("the end of a parameter");
    let id = owned.get(beginning).unwrap_or_else(|| panic!("whose is {}? say so in owners.rs", route.path));
    // A query is read before the id is looked up.
    let query = if end == "/emi/quote" { "?months=12" } else { "" };
    format!("{beginning}{id}{end}{query}").strip_prefix("/api/v1").expect("a route of the API").to_owned()
}

/// Calls a route with a body that is not JSON: what is not found is reported before the body is read.
async fn call(caller: &Client, route: &Route, path: &str) -> Reply {
    let request = caller.request(route.method.parse().unwrap(), path);
    let request = match &*route.method {
        "GET" | "DELETE" => request,
        _ => request.header("Content-Type", "application/json").body("{"),
    };
    caller.send(request).await
}

/// What the owner can list, to be compared.
async fn contents(owner: &TestUser) -> Vec<Value> {
    let mut contents = Vec::new();
    for list in
        ["/bookings", "/payouts", "/payouts/bank-accounts", "/notifications", "/compliance/documents", "/grievances"]
    {
        contents.push(owner.http.get(list).await.expect(200)["items"].clone());
    }
    contents
}

/// Every list that takes the id of a member, by the OpenAPI documents.
async fn lists_of_another_are_empty(platform: &TestPlatform, owner: &TestUser, stranger: &TestUser) {
    let routes: Vec<Route> = listed().into_iter().collect();
    let mut lists = 0;
    for service in ev::services() {
        let document = platform.anonymous().get(&format!("/{}/openapi.json", service.name)).await.expect(200);
        for route in routes.iter().filter(|r| r.service == service.name && r.method == "GET" && !r.path.contains('{')) {
            let parameters = document["paths"][&route.path]["get"]["parameters"].as_array();
            let names = parameters.into_iter().flatten().filter_map(|parameter| parameter["name"].as_str());
            let names: Vec<&str> = names.collect();
            let Some(name) = names.iter().find(|name| NAME_A_MEMBER.contains(name)) else { continue };
            if route.access() != Access::User {
                continue;
            }
            lists += 1;
            let path = route.path.strip_prefix("/api/v1").expect("a route of the API");
            // A statement wants its month.
            let month = if names.contains(&"month") { "&month=2026-11" } else { "" };
            let reply = stranger.http.get(&format!("{path}?{name}={}{month}", owner.id)).await;
            let own = stranger.http.get(&format!("{path}?{name}={}{month}", stranger.id)).await;
            let is_empty = reply.status == 200 && reply.body["items"] == json!([]);
            // A file is the caller's own, of whichever member is asked for.
            let is_own_file = reply.status == 200 && reply.body.is_null() && reply.text == own.text;
            let is_refused = [403, 404].contains(&reply.status);
            assert!(is_empty || is_own_file || is_refused, "{path} of another member: {reply:?}");
        }
    }
    assert!(lists > 5, "only {lists} lists take the id of a member");
}
