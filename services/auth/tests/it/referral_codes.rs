//! Look-ups of referral codes, and their limit by client address.

use crate::fixture::{self, KEYS, sign_in_with, text};
use reqwest::Method;
use serde_json::json;
use testkit::{Reply, TestService};

async fn start_with(settings: &[(&str, &str)]) -> TestService {
    let variables: Vec<_> =
        KEYS.into_iter().chain([("TRUSTED_PROXIES", "127.0.0.1")]).chain(settings.to_vec()).collect();
    TestService::start_with(auth::service(), &variables).await
}

async fn look_up(service: &TestService, address: &str, code: &str) -> Reply {
    let client = service.anonymous();
    let request = client.request(Method::GET, &format!("/auth/referral-codes/{code}"));
    client.send(request.header("X-Forwarded-For", address)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn anyone_looks_up_the_referrer_of_a_code_by_their_short_name() {
    let service = fixture::start().await;
    let asha = sign_in_with(&service, "asha@example.com", json!({ "name": "Asha Kumari Patel" })).await;
    let code = text(&asha, "user.referral_code");
    let path = format!("/auth/referral-codes/{code}");
    let expected = json!({ "code": code, "referrer": { "display_name": "Asha P." }, "accepts_side": true });
    assert_eq!(service.anonymous().get(&path).await.expect(200), expected);
    assert_eq!(service.as_staff().get(&path.to_lowercase()).await.expect(200), expected);
    for unknown in ["ABCD2345", "ABCD234O", "x", "ABCD23456", "%20"] {
        let reply = service.anonymous().get(&format!("/auth/referral-codes/{unknown}")).await;
        assert_eq!(reply.problem(404), "request.not_found", "{unknown}");
    }
    let (admin, _) = fixture::admin(&service).await;
    let user = format!("/users/{}", text(&asha, "user.id"));
    admin.patch(&user, json!({ "is_active": false })).await.expect(200);
    assert_eq!(service.anonymous().get(&path).await.problem(404), "request.not_found");
    admin.patch(&user, json!({ "is_active": true })).await.expect(200);
    assert_eq!(service.anonymous().get(&path).await.expect(200), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_looks_up_twenty_codes_a_minute() {
    let service = start_with(&[]).await;
    let asha = sign_in_with(&service, "asha@example.com", json!({ "name": "Asha" })).await;
    let code = text(&asha, "user.referral_code");
    for n in 0..20 {
        let (code, expected) = if n % 2 == 0 { (code.as_str(), 200) } else { ("ABCD2345", 404) };
        assert_eq!(look_up(&service, "203.0.113.1", code).await.status, expected, "{n}");
    }
    let refused = look_up(&service, "203.0.113.1", &code).await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(refused.problem(429), "auth.referral_lookup_limit");
    look_up(&service, "203.0.113.2", &code).await.expect(200);
    service.clock.advance_secs(60);
    look_up(&service, "203.0.113.1", &code).await.expect(200);
    // All addresses of one IPv6 network count as one.
    for n in 1..=20 {
        look_up(&service, &format!("2001:db8:1:1::{n}"), &code).await.expect(200);
    }
    assert_eq!(look_up(&service, "2001:db8:1:1::21", &code).await.status, 429);
    look_up(&service, "2001:db8:1:2::1", &code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_is_exempt_when_configured() {
    for (exempt, expected) in [("on", 404), ("off", 429)] {
        let service = start_with(&[("OTP_EXEMPT_LOOPBACK", exempt)]).await;
        for _ in 0..20 {
            assert_eq!(look_up(&service, "127.0.0.1", "ABCD2345").await.status, 404);
        }
        assert_eq!(look_up(&service, "127.0.0.1", "ABCD2345").await.status, expected, "{exempt}");
    }
}
