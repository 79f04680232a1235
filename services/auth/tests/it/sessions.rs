//! Sessions, refresh tokens and signing keys.

use crate::fixture::{self, admin, client, sign_in, text};
use proto_events::auth::v1::SessionRevoked;
use serde_json::{Value, json};
use testkit::{Reply, TestService};

const ASHA: &str = "asha@example.com";

async fn refresh(service: &TestService, token: &str) -> Reply {
    service.anonymous().post("/auth/refresh", json!({ "refresh_token": token })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn reuse_of_a_refresh_token_ends_its_session() {
    let service = fixture::start().await;
    let first = sign_in(&service, ASHA).await;
    let second = refresh(&service, &text(&first, "refresh_token")).await.expect(200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    client(&service, &second).get("/users/me").await.expect(200);
    let reused = refresh(&service, &text(&first, "refresh_token")).await;
    assert_eq!(reused.problem(401), "auth.refresh_reused");
    for tokens in [&first, &second] {
        assert_eq!(client(&service, tokens).get("/users/me").await.problem(401), "auth.token_invalid");
    }
    assert_eq!(refresh(&service, &text(&second, "refresh_token")).await.problem(401), "auth.refresh_invalid");
    assert_eq!(service.published::<SessionRevoked>().await.len(), 1);
    assert_eq!(refresh(&service, "nonsense").await.problem(401), "auth.refresh_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_valid_for_thirty_days() {
    let service = fixture::start().await;
    let tokens = sign_in(&service, ASHA).await;
    service.clock.advance_secs(30 * 24 * 3600 - 60);
    let tokens = refresh(&service, &text(&tokens, "refresh_token")).await.expect(200);
    service.clock.advance_secs(30 * 24 * 3600);
    assert_eq!(refresh(&service, &text(&tokens, "refresh_token")).await.problem(401), "auth.refresh_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_revokes_only_the_tokens_of_this_session() {
    let service = fixture::start().await;
    let phone = sign_in(&service, ASHA).await;
    service.clock.advance_secs(30);
    let laptop = sign_in(&service, ASHA).await;
    client(&service, &phone).post_empty("/auth/logout").await.expect(204);
    assert_eq!(client(&service, &phone).get("/users/me").await.problem(401), "auth.token_invalid");
    assert_eq!(refresh(&service, &text(&phone, "refresh_token")).await.problem(401), "auth.refresh_invalid");
    client(&service, &laptop).get("/users/me").await.expect(200);
    assert_eq!(service.published::<SessionRevoked>().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_lists_and_ends_their_own_sessions() {
    let service = fixture::start().await;
    let phone = sign_in(&service, ASHA).await;
    service.clock.advance_secs(30);
    let laptop = sign_in(&service, ASHA).await;
    let other = sign_in(&service, "other@example.com").await;
    let listed = client(&service, &laptop).get("/auth/sessions").await.expect(200);
    let current: Vec<bool> = listed["items"].as_array().unwrap().iter().map(|s| s["current"] == true).collect();
    assert_eq!(current, [true, false]);
    let path = format!("/auth/sessions/{}", text(&listed["items"][1], "id"));
    assert_eq!(client(&service, &other).delete(&path).await.problem(404), "request.not_found");
    client(&service, &phone).get("/users/me").await.expect(200);
    client(&service, &laptop).delete(&path).await.expect(204);
    assert_eq!(client(&service, &phone).get("/users/me").await.problem(401), "auth.token_invalid");
    client(&service, &laptop).delete(&path).await.expect(204);
    assert_eq!(client(&service, &laptop).delete("/auth/sessions/x").await.problem(404), "request.not_found");
}

fn kids(keys: &Value) -> Vec<String> {
    keys["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn key_rotation_ends_no_session() {
    let service = fixture::start().await;
    let asha = sign_in(&service, ASHA).await;
    let (admin, _) = admin(&service).await;
    let before = service.anonymous().get("//.well-known/jwks.json").await.expect(200);
    let created = admin.post_empty("/auth/keys/rotate").await.expect(200);
    let both = service.anonymous().get("//.well-known/jwks.json").await.expect(200);
    assert_eq!(kids(&both), [kids(&before)[0].clone(), text(&created, "kid")]);
    assert!(both["keys"][0].get("d").is_none());
    let signed_by = |tokens: &Value| kid_of(&text(tokens, "access_token"));
    // The new key is published before it signs.
    let soon = refresh(&service, &text(&asha, "refresh_token")).await.expect(200);
    assert_eq!(signed_by(&soon), kids(&before)[0]);
    service.clock.advance_secs(60);
    let later = refresh(&service, &text(&soon, "refresh_token")).await.expect(200);
    assert_eq!(signed_by(&later), text(&created, "kid"));
    for tokens in [&soon, &later] {
        client(&service, tokens).get("/users/me").await.expect(200);
    }
    service.clock.advance_secs(1300);
    service.run_job("keys").await;
    let after = service.anonymous().get("//.well-known/jwks.json").await.expect(200);
    assert_eq!(kids(&after), [text(&created, "kid")]);
}

fn kid_of(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_rows_are_deleted() {
    let service = fixture::start().await;
    let tokens = sign_in(&service, ASHA).await;
    service.clock.advance_secs(32 * 24 * 3600);
    service.run_job("forget").await;
    assert_eq!(refresh(&service, &text(&tokens, "refresh_token")).await.problem(401), "auth.refresh_invalid");
    sign_in(&service, ASHA).await;
}
