//! Step-up: a new one-time code renews the proof in the access token.

use crate::fixture::{self, client, newest_code, request_code, sign_in, text, wrong_code};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use testkit::{Reply, TestService};

const ASHA: &str = "asha@example.com";

/// The time of the last proof in an access token, in seconds.
fn proved_at(tokens: &Value) -> i64 {
    let token = text(tokens, "access_token");
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap().get("auth_time").unwrap().as_i64().unwrap()
}

fn now(service: &TestService) -> i64 {
    service.now().utc().timestamp()
}

async fn step_up(service: &TestService, tokens: &Value, body: Value) -> Reply {
    client(service, tokens).post("/auth/step-up", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_kept_by_a_refresh_and_renewed_by_a_new_code() {
    let service = fixture::start().await;
    let first = sign_in(&service, ASHA).await;
    let signed_in_at = now(&service);
    assert_eq!(proved_at(&first), signed_in_at);
    service.clock.advance_secs(600);
    let refresh = json!({ "refresh_token": text(&first, "refresh_token") });
    let second = service.anonymous().post("/auth/refresh", refresh).await.expect(200);
    assert_eq!(proved_at(&second), signed_in_at);
    let code = request_code(&service, ASHA).await;
    let renewed = step_up(&service, &second, json!({ "code": code })).await.expect(200);
    assert_eq!((proved_at(&renewed), &renewed["token_type"]), (now(&service), &json!("Bearer")));
    client(&service, &renewed).get("/users/me").await.expect(200);
    // The session goes on, with the new proof.
    let renewed_at = now(&service);
    service.clock.advance_secs(60);
    let refresh = json!({ "refresh_token": text(&second, "refresh_token") });
    let third = service.anonymous().post("/auth/refresh", refresh).await.expect(200);
    assert_eq!(proved_at(&third), renewed_at);
    let again = step_up(&service, &third, json!({ "code": code })).await;
    assert_eq!(again.problem(401), "auth.otp_invalid", "a code proves once");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_own_code_of_a_live_session_is_a_proof() {
    let service = fixture::start().await;
    let asha = sign_in(&service, ASHA).await;
    sign_in(&service, "other@example.com").await;
    service.clock.advance_secs(60);
    let code = request_code(&service, ASHA).await;
    for body in [json!({ "code": wrong_code(&code) }), json!({ "code": code, "identifier": "other@example.com" })] {
        assert_eq!(step_up(&service, &asha, body).await.problem(401), "auth.otp_invalid");
    }
    let other = request_code(&service, "other@example.com").await;
    let body = json!({ "code": other, "identifier": "other@example.com" });
    assert_eq!(step_up(&service, &asha, body).await.problem(401), "auth.otp_invalid");
    assert_eq!(service.anonymous().post("/auth/step-up", json!({ "code": code })).await.status, 401);
    step_up(&service, &asha, json!({ "code": code, "identifier": " Asha@Example.com " })).await.expect(200);
    // A code that opened a session proves nothing afterwards, and the other way round.
    service.clock.advance_secs(60);
    let laptop = sign_in(&service, ASHA).await;
    let used = newest_code(&service, ASHA).await;
    assert_eq!(step_up(&service, &asha, json!({ "code": used })).await.problem(401), "auth.otp_invalid");
    client(&service, &laptop).post_empty("/auth/logout").await.expect(204);
    assert_eq!(step_up(&service, &laptop, json!({ "code": code })).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mobile_number_proves_too() {
    let service = fixture::start().await;
    let member = sign_in(&service, "9876543210").await;
    service.clock.advance_secs(60);
    let code = request_code(&service, "9876543210").await;
    step_up(&service, &member, json!({ "code": code })).await.expect(200);
}
