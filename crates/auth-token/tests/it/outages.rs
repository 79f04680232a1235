//! Key rotation, revoked sessions, and outages of cache, database and auth.

use super::fixture::Fixture;
use auth_token::{AuthFailure, Claims, HttpKeySource, KeySource, SigningKey, revocation};
use http_api::Problem;
use jsonwebtoken::jwk::JwkSet;
use runtime::cache::Cache;
use runtime::clock::Clock;
use runtime::id;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_new_key_is_accepted_without_a_restart_and_a_withdrawn_one_is_refused() {
    let fixture = Fixture::new().await;
    let old = fixture.key.sign(&fixture.claims());
    assert!(fixture.accepts(&old).await);
    let next = SigningKey::generate();
    fixture.source.keys.set(JwkSet { keys: vec![fixture.key.jwk(), next.jwk()] });
    fixture.clock.advance_secs(6);
    assert!(fixture.accepts(&next.sign(&fixture.claims())).await);
    assert!(fixture.accepts(&old).await);
    fixture.source.keys.set(next.key_set());
    fixture.clock.advance_secs(301);
    assert!(fixture.accepts(&next.sign(&fixture.claims())).await);
    assert!(!fixture.accepts(&fixture.key.sign(&fixture.claims())).await);
    assert!(!fixture.accepts(&old).await);
}

#[tokio::test]
async fn unknown_key_ids_do_not_flood_auth() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&fixture.key.sign(&fixture.claims())).await);
    let before = fixture.source.fetches.load(Ordering::SeqCst);
    for _ in 0..50 {
        assert!(!fixture.accepts(&SigningKey::generate().sign(&fixture.claims())).await);
    }
    assert_eq!(fixture.source.fetches.load(Ordering::SeqCst), before);
    fixture.clock.advance_secs(6);
    for _ in 0..50 {
        assert!(!fixture.accepts(&SigningKey::generate().sign(&fixture.claims())).await);
    }
    assert_eq!(fixture.source.fetches.load(Ordering::SeqCst), before + 1);
}

#[tokio::test]
async fn many_requests_at_once_fetch_the_keys_once() {
    let fixture = Fixture::new().await;
    let tokens: Vec<String> = (0..20).map(|_| fixture.key.sign(&fixture.claims())).collect();
    let answers = futures_util::future::join_all(tokens.iter().map(|t| fixture.accepts(t))).await;
    assert!(answers.iter().all(|accepted| *accepted));
    assert_eq!(fixture.source.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn auth_may_be_down_once_its_keys_are_fetched() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&fixture.key.sign(&fixture.claims())).await);
    fixture.set_auth_down(true);
    fixture.clock.advance_secs(400);
    assert!(fixture.accepts(&fixture.key.sign(&fixture.claims())).await);
    // A service that starts now reads the keys from its database.
    let restarted = fixture.restarted_verifier();
    assert!(restarted.verify(&fixture.key.sign(&fixture.claims())).await.is_ok());
}

#[tokio::test]
async fn without_any_key_a_token_is_unavailable_and_not_unauthorised() {
    let fixture = Fixture::new().await;
    fixture.set_auth_down(true);
    let token = fixture.key.sign(&fixture.claims());
    let failure = fixture.verifier.verify(&token).await.unwrap_err();
    let problem = Problem::from(failure);
    assert_eq!((problem.status.as_u16(), problem.retry_after_secs().is_some()), (503, true));
    fixture.set_auth_down(false);
    fixture.clock.advance_secs(5);
    assert!(fixture.accepts(&token).await);
}

#[tokio::test]
async fn a_revoked_session_is_refused_at_once_even_if_its_token_is_cached() {
    let fixture = Fixture::new().await;
    let (mine, other) = (fixture.claims(), fixture.claims());
    let (token, others) = (fixture.key.sign(&mine), fixture.key.sign(&other));
    assert!(fixture.accepts(&token).await && fixture.accepts(&others).await);
    revocation::revoke(&fixture.shared_cache(), fixture.clock.now(), mine.sid, fixture.in_secs(900)).await;
    assert!(!fixture.accepts(&token).await);
    assert!(fixture.accepts(&others).await);
    // Every token of the session, not only the one that was verified before.
    assert!(!fixture.accepts(&fixture.key.sign(&Claims { jti: id::fresh(), ..mine })).await);
}

#[tokio::test]
async fn a_cached_token_costs_one_read_of_the_cache() {
    let fixture = Fixture::new().await;
    let token = fixture.key.sign(&fixture.claims());
    assert!(fixture.accepts(&token).await);
    let before = fixture.cache.gets();
    for _ in 0..10 {
        assert!(fixture.accepts(&token).await);
    }
    assert_eq!(fixture.cache.gets(), before + 10);
}

#[tokio::test]
async fn while_the_cache_is_down_the_table_of_the_service_is_read() {
    let fixture = Fixture::new().await;
    let (revoked, alive) = (fixture.claims(), fixture.claims());
    fixture.receive_revocation(revoked.sid, fixture.in_secs(900)).await;
    // A second delivery changes nothing.
    fixture.receive_revocation(revoked.sid, fixture.in_secs(900)).await;
    fixture.set_cache_down(true);
    assert!(!fixture.accepts(&fixture.key.sign(&revoked)).await);
    assert!(fixture.accepts(&fixture.key.sign(&alive)).await);
}

#[tokio::test]
async fn a_cache_that_lost_its_contents_is_refilled_before_it_is_read() {
    let fixture = Fixture::new().await;
    let revoked = fixture.claims();
    let token = fixture.key.sign(&revoked);
    fixture.receive_revocation(revoked.sid, fixture.in_secs(900)).await;
    assert!(!fixture.accepts(&token).await);
    // After a restart of the service, the cache does not have it.
    fixture.delete_from_cache(revoked.sid).await;
    assert!(matches!(fixture.restarted_verifier().verify(&token).await, Err(AuthFailure::SessionEnded)));
}

#[tokio::test]
async fn a_revocation_during_an_outage_of_the_cache_is_written_later() {
    let fixture = Fixture::new().await;
    let revoked = fixture.claims();
    let token = fixture.key.sign(&revoked);
    assert!(fixture.accepts(&token).await);
    fixture.set_cache_down(true);
    fixture.receive_revocation(revoked.sid, fixture.in_secs(900)).await;
    assert!(!fixture.accepts(&token).await, "by the table");
    fixture.set_cache_down(false);
    assert!(!fixture.accepts(&token).await, "at once, before the next attempt to write it");
    let key = format!("revoked:{}", revoked.sid);
    tokio::time::timeout(Duration::from_secs(10), async {
        while fixture.cache.inner.get(&key).await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    assert!(!fixture.accepts(&token).await, "by the cache");
}

#[tokio::test]
async fn while_cache_and_table_are_down_every_token_is_refused() {
    let fixture = Fixture::new().await;
    let token = fixture.key.sign(&fixture.claims());
    assert!(fixture.accepts(&token).await);
    fixture.set_cache_down(true);
    let mut c = fixture.db.write().await.unwrap();
    diesel_async::RunQueryDsl::execute(diesel::sql_query("DROP TABLE revoked_sessions"), &mut c).await.unwrap();
    drop(c);
    let problem = Problem::from(fixture.verifier.verify(&token).await.unwrap_err());
    assert_eq!((problem.status.as_u16(), problem.retry_after_secs().is_some()), (503, true));
}

#[tokio::test]
async fn revocations_that_no_token_outlives_are_swept() {
    let fixture = Fixture::new().await;
    let (short, long) = (fixture.claims(), fixture.claims());
    fixture.receive_revocation(short.sid, fixture.in_secs(100)).await;
    fixture.receive_revocation(long.sid, fixture.in_secs(1000)).await;
    fixture.receive_revocation(id::fresh(), fixture.in_secs(-1)).await;
    fixture.clock.advance_secs(500);
    let now = fixture.clock.now();
    let mut c = fixture.db.write().await.unwrap();
    assert_eq!(revocation::delete_expired(&mut c, now).await.unwrap(), 1);
    assert_eq!(revocation::refill_cache(&mut c, &*fixture.cache, now).await.unwrap(), 1);
}

/// Answers every request with `answer`, for as long as the test runs.
async fn publishes(answer: String) -> HttpKeySource {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/.well-known/jwks.json", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            drop(stream.read(&mut [0; 4096]).await);
            drop(stream.write_all(answer.as_bytes()).await);
        }
    });
    HttpKeySource::new(&url).unwrap()
}

#[tokio::test]
async fn keys_are_read_over_http_and_anything_else_than_keys_is_unavailable() {
    let keys = SigningKey::generate().key_set();
    let body = serde_json::to_string(&keys).unwrap();
    let whole = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    };
    assert_eq!(publishes(whole("200 OK", &body)).await.fetch().await.unwrap(), keys);
    let endless = format!("{{\"keys\":[]{}}}", " ".repeat(70_000));
    for answer in [
        whole("503 Service Unavailable", &body),
        whole("200 OK", "{}"),
        whole("200 OK", "<html>"),
        whole("200 OK", &endless),
        whole("200 OK", &body).replace("content-length: ", "content-length: 9"),
        String::new(),
    ] {
        assert!(publishes(answer.clone()).await.fetch().await.is_err(), "{answer}");
    }
    assert_eq!(HttpKeySource::new("not a url").err().unwrap().variable, "JWKS_URL");
}
