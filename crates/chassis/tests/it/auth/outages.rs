//! Keys that change, sessions that end, and parts that are away.

use super::world::World;
use chassis::auth::{AuthFailure, Claims, HttpKeySource, KeySource, SigningKey, revocation};
use chassis::cache::Cache;
use chassis::clock::Clock;
use chassis::http::Problem;
use chassis::id;
use jsonwebtoken::jwk::JwkSet;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_new_key_works_without_a_restart_and_a_withdrawn_one_stops() {
    let w = World::new().await;
    let old = w.key.sign(&w.claims());
    assert!(w.accepts(&old).await);
    let next = SigningKey::generate();
    w.source.keys.set(JwkSet { keys: vec![w.key.jwk(), next.jwk()] });
    w.clock.advance_secs(6);
    assert!(w.accepts(&next.sign(&w.claims())).await);
    assert!(w.accepts(&old).await);
    w.source.keys.set(next.key_set());
    w.clock.advance_secs(301);
    assert!(w.accepts(&next.sign(&w.claims())).await);
    assert!(!w.accepts(&w.key.sign(&w.claims())).await);
    assert!(!w.accepts(&old).await);
}

#[tokio::test]
async fn unknown_key_ids_do_not_flood_auth() {
    let w = World::new().await;
    assert!(w.accepts(&w.key.sign(&w.claims())).await);
    let before = w.source.fetches.load(Ordering::SeqCst);
    for _ in 0..50 {
        assert!(!w.accepts(&SigningKey::generate().sign(&w.claims())).await);
    }
    assert_eq!(w.source.fetches.load(Ordering::SeqCst), before);
    w.clock.advance_secs(6);
    for _ in 0..50 {
        assert!(!w.accepts(&SigningKey::generate().sign(&w.claims())).await);
    }
    assert_eq!(w.source.fetches.load(Ordering::SeqCst), before + 1);
}

#[tokio::test]
async fn many_requests_at_once_fetch_the_keys_once() {
    let w = World::new().await;
    let tokens: Vec<String> = (0..20).map(|_| w.key.sign(&w.claims())).collect();
    let answers = futures_util::future::join_all(tokens.iter().map(|t| w.accepts(t))).await;
    assert!(answers.iter().all(|accepted| *accepted));
    assert_eq!(w.source.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn auth_may_be_down_once_its_keys_were_seen() {
    let w = World::new().await;
    assert!(w.accepts(&w.key.sign(&w.claims())).await);
    w.auth_is(true);
    w.clock.advance_secs(400);
    assert!(w.accepts(&w.key.sign(&w.claims())).await);
    // A service that starts now has the keys of its database.
    let restarted = w.restarted();
    assert!(restarted.verify(&w.key.sign(&w.claims())).await.is_ok());
}

#[tokio::test]
async fn without_any_key_it_is_unavailable_not_unauthorised() {
    let w = World::new().await;
    w.auth_is(true);
    let token = w.key.sign(&w.claims());
    let failure = w.verifier.verify(&token).await.unwrap_err();
    let problem = Problem::from(failure);
    assert_eq!((problem.status.as_u16(), problem.retry_after_secs().is_some()), (503, true));
    w.auth_is(false);
    w.clock.advance_secs(5);
    assert!(w.accepts(&token).await);
}

#[tokio::test]
async fn a_revoked_session_is_refused_at_once_even_where_its_token_is_remembered() {
    let w = World::new().await;
    let (mine, other) = (w.claims(), w.claims());
    let (token, others) = (w.key.sign(&mine), w.key.sign(&other));
    assert!(w.accepts(&token).await && w.accepts(&others).await);
    revocation::revoke(&w.shared_cache(), w.clock.now(), mine.sid, w.in_secs(900)).await;
    assert!(!w.accepts(&token).await);
    assert!(w.accepts(&others).await);
    // Every token of the session, not only the one that was seen.
    assert!(!w.accepts(&w.key.sign(&Claims { jti: id::fresh(), ..mine })).await);
}

#[tokio::test]
async fn a_remembered_token_costs_one_question_to_the_cache() {
    let w = World::new().await;
    let token = w.key.sign(&w.claims());
    assert!(w.accepts(&token).await);
    let before = w.cache.gets.load(Ordering::SeqCst);
    for _ in 0..10 {
        assert!(w.accepts(&token).await);
    }
    assert_eq!(w.cache.gets.load(Ordering::SeqCst), before + 10);
}

#[tokio::test]
async fn with_the_cache_away_the_services_own_table_answers() {
    let w = World::new().await;
    let (ended, alive) = (w.claims(), w.claims());
    w.hear_of(ended.sid, w.in_secs(900)).await;
    // Delivered twice, it is the same.
    w.hear_of(ended.sid, w.in_secs(900)).await;
    w.cache_is(true);
    assert!(!w.accepts(&w.key.sign(&ended)).await);
    assert!(w.accepts(&w.key.sign(&alive)).await);
}

#[tokio::test]
async fn a_cache_that_lost_everything_is_fed_again_before_it_is_believed() {
    let w = World::new().await;
    let ended = w.claims();
    let token = w.key.sign(&ended);
    w.hear_of(ended.sid, w.in_secs(900)).await;
    assert!(!w.accepts(&token).await);
    // A restart of the service finds a cache without it.
    w.forget_the_cache(ended.sid).await;
    assert!(matches!(w.restarted().verify(&token).await, Err(AuthFailure::Invalid)));
}

#[tokio::test]
async fn a_revocation_that_happened_while_the_cache_was_away_reaches_it_later() {
    let w = World::new().await;
    let ended = w.claims();
    let token = w.key.sign(&ended);
    assert!(w.accepts(&token).await);
    w.cache_is(true);
    w.hear_of(ended.sid, w.in_secs(900)).await;
    assert!(!w.accepts(&token).await, "by the table");
    w.cache_is(false);
    let key = format!("revoked:{}", ended.sid);
    tokio::time::timeout(Duration::from_secs(10), async {
        while w.cache.inner.get(&key).await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    assert!(!w.accepts(&token).await, "by the cache");
}

#[tokio::test]
async fn with_cache_and_table_away_nobody_is_let_in() {
    let w = World::new().await;
    let token = w.key.sign(&w.claims());
    assert!(w.accepts(&token).await);
    w.cache_is(true);
    let mut c = w.db.write().await.unwrap();
    diesel_async::RunQueryDsl::execute(diesel::sql_query("DROP TABLE revoked_sessions"), &mut c).await.unwrap();
    drop(c);
    let problem = Problem::from(w.verifier.verify(&token).await.unwrap_err());
    assert_eq!((problem.status.as_u16(), problem.retry_after_secs().is_some()), (503, true));
}

#[tokio::test]
async fn revocations_that_no_token_outlives_are_swept() {
    let w = World::new().await;
    let (short, long) = (w.claims(), w.claims());
    w.hear_of(short.sid, w.in_secs(100)).await;
    w.hear_of(long.sid, w.in_secs(1000)).await;
    w.hear_of(id::fresh(), w.in_secs(-1)).await;
    w.clock.advance_secs(500);
    let now = w.clock.now();
    let mut c = w.db.write().await.unwrap();
    assert_eq!(revocation::sweep(&mut c, now).await.unwrap(), 1);
    assert_eq!(revocation::refill(&mut c, &*w.cache, now).await.unwrap(), 1);
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
