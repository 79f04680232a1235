//! Texts that people write, in every service that stores some.

use crate::platform::{TestPlatform, kyc_body};
use reqwest::Method;
use serde_json::{Value, json};

/// Characters that no text may contain: they change its direction, are invisible, or are controls.
const REFUSED: [&str; 6] = ["a\u{202e}b", "a\u{2066}b", "a\u{200b}b", "a\u{ad}b", "a\u{7}b", "a\u{200d}b"];

/// Names and addresses of any script.
const ACCEPTED: [&str; 8] = [
    "Asha",
    "Siobhán O’Brien",
    "D'Souza-Rao, Jr.",
    "क्\u{200d}षिति कुमारी",
    "അവന്\u{200d}",
    "தமிழ்ச்செல்வி",
    "فاطمة",
    "王小明",
];

pub(crate) async fn no_service_takes_a_text_with_invisible_characters(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let (admin, staff) = (&platform.admin().await.http, &platform.staff().await.http);
    a.approve_kyc(platform).await;
    a.deposit(platform, "200.00").await;
    a.wait_for_balance(platform, "available", "200.00").await;
    let booking = a.book(platform, "500.00").await;
    let cash = json!({ "amount": "500.00", "method": "cash" });
    let payment = a.http.post(&format!("/bookings/{booking}/payments"), cash).await.expect(201);
    let payment = payment["id"].as_str().unwrap();
    let kyc = async || a.http.get("/users/me").await.expect(200)["kyc_status"].clone();
    platform.wait_until("the KYC", json!("approved"), kyc).await;
    let payout = a.payout(platform, "100.00", false).await;
    let payout = payout["id"].as_str().unwrap();
    let plan = admin.get("/plan").await.expect(200)["plan"].clone();
    for text in REFUSED {
        let mut named = plan.clone();
        named["name"] = json!(text);
        let mut kyc = kyc_body();
        kyc["bank"]["holder_name"] = json!(text);
        let mut address = kyc_body();
        address["address"]["city"] = json!(text);
        let account = json!({
            "account_number": "123456789012", "ifsc": "HDFC0001234", "holder_name": text, "bank_name": "HDFC",
        });
        let nominee = json!({ "name": "Ravi", "relationship": text, "date_of_birth": "1990-01-01" });
        let tax = json!({
            "id": "rule", "section": text, "rate": "0.04", "threshold": "0.00", "no_pan_rate": "0.20",
            "effective_from": "2099-04-01",
        });
        let deposit = json!({ "amount": "1.00", "reason": text });
        let requests: [(&testkit::Client, Method, String, Value); 16] = [
            (&a.http, Method::PATCH, "/users/me".into(), json!({ "name": text })),
            (&a.http, Method::PUT, "/users/me/nominee".into(), nominee),
            (&a.http, Method::POST, "/users/me/kyc".into(), kyc),
            (&a.http, Method::POST, "/users/me/kyc".into(), address),
            (&a.http, Method::POST, "/payouts/bank-accounts".into(), account),
            (&a.http, Method::POST, format!("/bookings/{booking}/cancel"), json!({ "reason": text })),
            (admin, Method::POST, "/users".into(), json!({ "email": "x@example.in", "name": text, "role": "staff" })),
            (admin, Method::POST, "/vehicles".into(), json!({ "model": text, "variant": "v", "price": "1000.00" })),
            (admin, Method::POST, "/terms/privacy".into(), json!({ "title": "Privacy", "text": text })),
            (admin, Method::POST, format!("/wallets/{}/deposits", a.id), deposit),
            (admin, Method::POST, "/plan/simulate".into(), json!({ "plan": named })),
            (admin, Method::POST, "/tax-rules".into(), tax),
            (staff, Method::POST, format!("/payments/{payment}/confirm"), json!({ "reference": text })),
            (staff, Method::POST, format!("/payments/{payment}/fail"), json!({ "reason": text })),
            (staff, Method::POST, format!("/payouts/{payout}/reject"), json!({ "reason": text })),
            (staff, Method::POST, format!("/payouts/{payout}/settle"), json!({ "outcome": "paid", "utr": text })),
        ];
        for (http, method, path, body) in requests {
            let reply = http.send(http.request(method, &path).json(&body)).await;
            assert_eq!(reply.status, 422, "{path} {body}: {}", reply.text);
        }
    }
    assert_eq!(a.payout_status(payout).await, "pending");
    assert_eq!(a.http.get(&format!("/payments/{payment}")).await.expect(200)["status"], "pending");
    assert_eq!(a.http.get("/users/me/nominee").await.status, 404);
}

pub(crate) async fn names_of_any_script_reach_every_service_unchanged(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let admin = &platform.admin().await.http;
    for name in ACCEPTED {
        assert_eq!(a.http.patch("/users/me", json!({ "name": name })).await.expect(200)["name"], name);
        let nominee = json!({ "name": name, "relationship": name, "date_of_birth": "1990-01-01" });
        assert_eq!(a.http.put("/users/me/nominee", nominee).await.expect(200)["name"], name);
        let deposit = json!({ "amount": "1.00", "reason": name });
        let line = admin.post(&format!("/wallets/{}/deposits", a.id), deposit).await.expect(201);
        assert!(line["description"].as_str().is_some_and(|text| text.contains(name)), "{line}");
    }
    let mut kyc = kyc_body();
    kyc["bank"]["holder_name"] = json!("क्\u{200d}षिति");
    kyc["address"]["pincode"] = json!("110 001");
    let applied = a.http.post("/users/me/kyc", kyc).await.expect(201);
    assert_eq!(
        (&applied["bank"]["holder_name"], &applied["address"]["pincode"]),
        (&json!("क्\u{200d}षिति"), &json!("110001"))
    );
}

pub(crate) async fn an_amount_with_leading_zeros_is_malformed_everywhere(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let admin = &platform.admin().await.http;
    let vehicle = platform.vehicle().await;
    let booking = a.book(platform, "500.00").await;
    for amount in ["00500.00", "0500.00", "+500.00", "500", "500.0", "५००.००", " 500.00"] {
        let requests: [(&testkit::Client, String, Value); 6] = [
            (&a.http, "/bookings".into(), json!({ "vehicle_id": vehicle, "booking_amount": amount })),
            (&a.http, format!("/bookings/{booking}/payments"), json!({ "amount": amount, "method": "cash" })),
            (&a.http, "/payouts".into(), json!({ "amount": amount, "emi_autofill": false })),
            (&a.http, "/payouts/quote".into(), json!({ "amount": amount, "emi_autofill": false })),
            (admin, format!("/wallets/{}/deposits", a.id), json!({ "amount": amount, "reason": "r" })),
            (admin, "/vehicles".into(), json!({ "model": "m", "variant": "v", "price": amount })),
        ];
        for (http, path, body) in requests {
            assert_eq!(http.post(&path, body.clone()).await.status, 400, "{path} {body}");
        }
    }
}
