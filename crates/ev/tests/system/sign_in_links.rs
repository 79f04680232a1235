//! Sign-in links of the demonstration.

use crate::platform::{ADMIN, TestPlatform};
use ev::embedded::{Embedded, Options};
use messaging::memory::MemoryBus;
use reqwest::header::USER_AGENT;
use reqwest::{Client, StatusCode};
use runtime::Env;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use testkit::FakeClock;

/// Status and body of an attempt to sign in with a token.
async fn sign_in(platform: &TestPlatform, token: &str) -> (StatusCode, Value) {
    let request = Client::new().post(format!("{}/dev/sign-in", platform.url)).header(USER_AGENT, "Firefox");
    let response = request.json(&json!({ "token": token })).send().await.unwrap();
    if response.status().is_success() {
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    (response.status(), response.json().await.unwrap())
}

async fn with_clock() -> (TestPlatform, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock::at("2026-11-10T04:30:00Z".parse().unwrap()));
    (TestPlatform::in_process(Some(Arc::clone(&clock)), MemoryBus::new(), None).await, clock)
}

fn create(platform: &TestPlatform, email: &str) -> String {
    platform.in_process.as_ref().unwrap().embedded.sign_in_links.create(email).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_signs_its_person_in_once() {
    let (platform, clock) = with_clock().await;
    let token = create(&platform, "asha@example.in");
    let other = create(&platform, ADMIN);
    assert!(token.len() == 64 && token != other, "{token} {other}");
    for wrong in ["", "nonsense", &token[1..], &token.to_uppercase()] {
        let (status, body) = sign_in(&platform, wrong).await;
        assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &json!("request.not_found")), "{wrong}");
    }
    let (status, tokens) = sign_in(&platform, &token).await;
    assert_eq!((status, &tokens["user"]["email"]), (StatusCode::OK, &json!("asha@example.in")));
    assert_eq!(sign_in(&platform, &token).await.0, StatusCode::NOT_FOUND);
    let asha = platform.anonymous().with_token(tokens["access_token"].as_str().unwrap());
    assert_eq!(asha.get("/users/me").await.expect(200)["id"], tokens["user"]["id"]);
    let sessions = asha.get("/auth/sessions").await.expect(200);
    assert_eq!(sessions["items"][0]["user_agent"], "Firefox");
    let (status, tokens) = sign_in(&platform, &other).await;
    assert_eq!((status, &tokens["user"]["role"]), (StatusCode::OK, &json!("admin")));
    // The API sends a second code to one address only after a while.
    clock.advance_secs(60);
    platform.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_requests_with_the_same_link_at_once_one_succeeds() {
    let platform = TestPlatform::embedded().await;
    let token = create(&platform, "asha@example.in");
    let attempts = (0..8).map(|_| sign_in(&platform, &token));
    let statuses: Vec<_> =
        futures_util::future::join_all(attempts).await.into_iter().map(|(status, _)| status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::NOT_FOUND).count(), 7, "{statuses:?}");
    platform.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_that_the_api_refuses_remains_and_a_malformed_request_uses_none() {
    let (platform, clock) = with_clock().await;
    let member = platform.member(None).await;
    let token = create(&platform, &member.email);
    let admin = &platform.admin().await.http;
    let set_active = async |is_active: bool| {
        admin.patch(&format!("/users/{}", member.id), json!({ "is_active": is_active })).await.expect(200);
        // The API sends a second code to one address only after a while.
        clock.advance_secs(60);
    };
    set_active(false).await;
    let (status, body) = sign_in(&platform, &token).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("auth.user_inactive")));
    for body in [json!({}), json!({ "token": 1 }), json!({ "token": token, "email": ADMIN })] {
        let request = Client::new().post(format!("{}/dev/sign-in", platform.url)).json(&body);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::BAD_REQUEST, "{body}");
    }
    set_active(true).await;
    assert_eq!(sign_in(&platform, &token).await.0, StatusCode::OK);
    platform.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_is_valid_for_a_day() {
    let (platform, clock) = with_clock().await;
    let [first, second] = ["asha@example.in", "ravi@example.in"].map(|email| create(&platform, email));
    clock.advance_secs(24 * 3_600 - 60);
    assert_eq!(sign_in(&platform, &first).await.0, StatusCode::OK);
    clock.advance_secs(60);
    assert_eq!(sign_in(&platform, &second).await.0, StatusCode::NOT_FOUND);
    platform.finish().await;
}

#[tokio::test]
async fn there_are_no_links_where_messages_are_not_shown() {
    let data = std::env::temp_dir().join(format!("ev-links-{}", std::process::id()));
    let env = Env::default().with("SMTP_URL", "smtp://127.0.0.1:1");
    let mut options = Options::new(&data, env);
    (options.scheduled, options.database_options) = (false, "?synchronous=off");
    let platform = Embedded::start(options).await.unwrap();
    let token = platform.sign_in_links.create(ADMIN).unwrap();
    let site = platform.site(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let app = actix_web::test::init_service(actix_web::App::new().configure(|config| site.configure(config))).await;
    let request = actix_web::test::TestRequest::post().uri("/dev/sign-in").set_json(json!({ "token": token }));
    let response = actix_web::test::call_service(&app, request.to_request()).await;
    assert_eq!(response.status().as_u16(), 404);
    platform.stop().await;
    std::fs::remove_dir_all(&data).unwrap();
}
