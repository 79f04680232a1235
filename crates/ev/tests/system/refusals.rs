//! Refused requests: problem codes, and no stored effects.

use crate::platform::{TestPlatform, TestUser, kyc_body};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::Reply;

async fn post_raw(person: &TestUser, path: &str, body: &'static str) -> Reply {
    let request = person.http.request(Method::POST, path).header("Content-Type", "application/json").body(body);
    person.http.send(request).await
}

pub(crate) async fn invalid_input_is_refused_and_stores_nothing(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let vehicle = platform.vehicle().await;
    for body in ["{", "", "nonsense", "{\"vehicle_id\": }"] {
        assert_eq!(post_raw(&a, "/bookings", body).await.problem(400), "request.malformed_json", "{body}");
    }
    let wrong: [(Value, u16); 9] = [
        (json!({ "vehicle_id": vehicle, "booking_amount": 500 }), 400),
        (json!({ "vehicle_id": vehicle, "booking_amount": 500.5 }), 400),
        (json!({ "vehicle_id": vehicle, "booking_amount": "500.001" }), 400),
        (json!({ "vehicle_id": "nonsense", "booking_amount": "500.00" }), 400),
        (json!({ "vehicle_id": vehicle }), 400),
        (json!({ "vehicle_id": vehicle, "booking_amount": "499.99" }), 422),
        (json!({ "vehicle_id": vehicle, "booking_amount": "-500.00" }), 422),
        (json!({ "vehicle_id": vehicle, "booking_amount": "99999999.00" }), 422),
        (json!({ "vehicle_id": vehicle, "booking_amount": "500.00", "emi_months": 61 }), 422),
    ];
    for (body, status) in wrong {
        a.http.post("/bookings", body).await.problem(status);
    }
    assert_eq!(a.http.get("/bookings").await.expect(200)["items"], json!([]));

    let booking = a.book(platform, "500.00").await;
    let payments = format!("/bookings/{booking}/payments");
    for amount in ["0.00", "-1.00", "99999999.00"] {
        a.http.post(&payments, json!({ "amount": amount, "method": "online" })).await.problem(422);
    }
    a.http.post(&payments, json!({ "amount": "500.00", "method": "emi_deduction" })).await.problem(422);
    a.http.post(&payments, json!({ "amount": "500.00", "method": "barter" })).await.problem(400);
    assert_eq!(a.http.get("/payments").await.expect(200)["items"], json!([]));

    let mut kyc = kyc_body();
    kyc["aadhaar_last4"] = json!("123412341234");
    a.http.post("/users/me/kyc", kyc).await.problem(422);
    assert_eq!(a.http.get("/users/me/kyc").await.status, 404);

    let webhook = |signature: String| {
        let body = json!({ "event": "payment.captured", "order_id": "o", "gateway_payment_id": "p", "amount": "1.00" });
        let http = platform.anonymous();
        let request = http
            .request(Method::POST, "/payments/webhooks/sandbox")
            .header("Content-Type", "application/json")
            .header("X-Sandbox-Signature", signature)
            .body(body.to_string());
        async move { http.send(request).await }
    };
    for signature in [String::new(), "00".repeat(32), "zz".into()] {
        webhook(signature).await.problem(401);
    }
    otp_refusals(platform, &a).await;
    unknown_paths(platform, &a).await;
}

async fn otp_refusals(platform: &TestPlatform, a: &TestUser) {
    let http = platform.anonymous();
    http.post("/auth/otp", json!({ "identifier": "not an address", "channel": "email" })).await.problem(422);
    let again = http.post("/auth/otp", json!({ "identifier": a.email, "channel": "email" })).await;
    if again.status == 202 {
        let soon = http.post("/auth/otp", json!({ "identifier": a.email, "channel": "email" })).await;
        assert!(!soon.header("retry-after").is_empty());
        soon.problem(429);
    } else {
        assert!(!again.header("retry-after").is_empty());
        again.problem(429);
    }
    let wrong_code = json!({ "identifier": a.email, "code": "000000" });
    assert_eq!(http.post("/auth/otp/verify", wrong_code).await.problem(401), "auth.otp_invalid");
}

async fn unknown_paths(platform: &TestPlatform, a: &TestUser) {
    a.http.get("/nothing/here").await.problem(404);
    let wrong_method = a.http.delete("/wallet").await;
    assert!(wrong_method.header("allow").contains("GET"), "{:?}", wrong_method.headers);
    wrong_method.problem(405);
    let large = a.http.post("/bookings", json!({ "vehicle_id": "x".repeat(100_000) })).await;
    large.problem(413);
    for query in ["limit=0", "limit=101", "limit=x", "cursor=%21%21"] {
        a.http.get(&format!("/bookings?{query}")).await.problem(422);
    }
    let request = platform.anonymous().request(Method::GET, "/wallet").header("X-Request-Id", "a-test-of-ids");
    let refused = platform.anonymous().send(request).await;
    assert_eq!(refused.header("x-request-id"), "a-test-of-ids");
    assert_eq!(refused.body["request_id"], "a-test-of-ids");
    refused.problem(401);
}

pub(crate) async fn an_unknown_or_malformed_id_is_not_found(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let unknown_id = runtime::id::fresh::<uuid::Uuid>();
    for path in [format!("/bookings/{unknown_id}"), format!("/payouts/{unknown_id}"), "/bookings/nonsense".to_owned()] {
        a.http.get(&path).await.problem(404);
    }
}

pub(crate) async fn roles_are_checked_before_bodies(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let anonymous = platform.anonymous();
    let id = runtime::id::fresh::<uuid::Uuid>();
    for path in [format!("/wallets/{id}/deposits"), "/users".into(), "/vehicles".into(), "/plan/versions".into()] {
        assert_eq!(post_raw(&a, &path, "{").await.problem(403), "auth.forbidden", "{path}");
        assert_eq!(anonymous.post_empty(&path).await.problem(401), "auth.token_invalid", "{path}");
        let forged = anonymous.with_token("eyJhbGciOiJub25lIn0.e30.").post_empty(&path).await;
        assert_eq!(forged.problem(401), "auth.token_invalid", "{path}");
    }
    for path in [format!("/payouts/{id}/approve"), format!("/kyc/{id}/approve"), format!("/payments/{id}/confirm")] {
        assert_eq!(post_raw(&a, &path, "{").await.problem(403), "auth.forbidden", "{path}");
    }
    for path in ["/users", "/ledger/trial-balance", "/reports/dashboard", "/audit", "/kyc"] {
        assert_eq!(a.http.get(path).await.problem(403), "auth.forbidden", "{path}");
    }
    let out = a.http.post_empty("/auth/logout").await;
    assert_eq!(out.status, 204);
    for path in ["/users/me", "/wallet", "/bookings", "/binary/me", "/payouts", "/notifications", "/compliance/tds"] {
        assert_eq!(a.http.get(path).await.problem(401), "auth.token_invalid", "{path}");
    }
}
