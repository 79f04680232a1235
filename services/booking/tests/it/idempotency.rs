//! The header `Idempotency-Key`: its format, lifetime and owner, and concurrent requests with one key.

use crate::fixture::{Fixture, SCOOTER, text};
use crate::on_services::on_mariadb;
use booking::error::BookingError;
use booking::store::members;
use diesel_async::SimpleAsyncConnection;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;

fn booking() -> Value {
    json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" })
}

async fn count_bookings(fixture: &Fixture) -> usize {
    fixture.fresh_client().get("/bookings").await.expect(200)["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn concurrent_requests_with_one_key_start_one_payment() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let body = json!({ "amount": "500.00", "method": "online" });
    let tries = (0..20).map(|_| fixture.client.post_with_key(&path, "k", body.clone()));
    let answers = futures_util::future::join_all(tries).await;
    let first = answers[0].body.clone();
    assert!(first["checkout"]["order_id"].is_string());
    assert!(answers.iter().all(|a| a.status == 201 && a.body == first));
    assert_eq!(fixture.client.get("/payments").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_characters() {
    let fixture = Fixture::start().await;
    let too_long = "k".repeat(256);
    for bad in ["".as_bytes(), too_long.as_bytes(), "schlüssel".as_bytes(), b"\xff"] {
        let request = fixture.client.request(Method::POST, "/bookings").header("Idempotency-Key", bad).json(&booking());
        assert_eq!(fixture.client.send(request).await.problem(400), "idempotency.bad_key", "{bad:?}");
    }
    assert_eq!(count_bookings(&fixture).await, 0);
    let longest = "k".repeat(255);
    let first = fixture.client.post_with_key("/bookings", &longest, booking()).await.expect(201);
    let again = fixture.client.post_with_key("/bookings", &longest, booking()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), first);
    // The whole key counts, and it is case-sensitive.
    fixture.client.post_with_key("/bookings", &longest[1..], booking()).await.expect(201);
    fixture.client.post_with_key("/bookings", &longest.to_uppercase(), booking()).await.expect(201);
    assert_eq!(count_bookings(&fixture).await, 3);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_key_belongs_to_its_caller_and_is_valid_for_a_day() {
    let fixture = Fixture::start().await;
    let first = fixture.client.post_with_key("/bookings", "k", booking()).await.expect(201);
    let other = fixture.stranger().post_with_key("/bookings", "k", booking()).await;
    assert_eq!((other.header("idempotency-replayed").as_str(), other.status), ("", 201));
    assert_ne!(other.body["id"], first["id"]);
    fixture.service.clock.advance_secs(24 * 3_600 - 10);
    fixture.service.run_job("housekeeping").await;
    let again = fixture.fresh_client().post_with_key("/bookings", "k", booking()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201)["id"], first["id"]);
    fixture.service.clock.advance_secs(20);
    let later = fixture.fresh_client().post_with_key("/bookings", "k", booking()).await;
    assert_eq!((later.header("idempotency-replayed").as_str(), later.status), ("", 201));
    assert_ne!(later.body["id"], first["id"]);
    fixture.service.finish().await;
}

/// Whether another transaction holds the row of this key.
async fn is_in_progress(fixture: &Fixture, key: &str) -> bool {
    let row = format!("SELECT 1 FROM idempotency_keys WHERE idempotency_key = '{key}' FOR UPDATE NOWAIT");
    let mut c = fixture.service.ctx().db().write().await.expect("a connection");
    c.batch_execute(&row).await.is_err_and(|error| db::is_locked(&error))
}

#[tokio::test]
async fn a_key_in_progress_is_refused_until_its_request_is_answered_on_services() {
    on_mariadb(async |fixture| {
        fixture.book("500.00").await;
        let (held, done) = (&Notify::new(), &Notify::new());
        let member = fixture.member;
        // Holds the member's lock, for which the first request then waits.
        let holding = fixture.service.ctx().db().tx(async |c| {
            members::lock(c, member).await?;
            held.notify_one();
            done.notified().await;
            Ok::<_, BookingError>(())
        });
        let requesting = async {
            held.notified().await;
            let first = fixture.client.post_with_key("/bookings", "k", booking());
            let others = async {
                while !is_in_progress(fixture, "k").await {
                    tokio::task::yield_now().await;
                }
                let refused = fixture.client.post_with_key("/bookings", "k", booking()).await;
                assert_eq!(refused.header("retry-after"), "1");
                assert_eq!(refused.problem(409), "idempotency.in_progress");
                done.notify_one();
            };
            tokio::join!(first, others).0
        };
        let (held, first) = tokio::join!(holding, requesting);
        held.expect("the transaction commits");
        let first = first.expect(201);
        let again = fixture.client.post_with_key("/bookings", "k", booking()).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.expect(201), first);
        assert_eq!(count_bookings(fixture).await, 2);
    })
    .await;
}

#[tokio::test]
async fn concurrent_requests_with_one_key_have_one_effect_on_services() {
    on_mariadb(async |fixture| {
        let tries = (0..20).map(|_| fixture.client.post_with_key("/bookings", "k", booking()));
        let answers = futures_util::future::join_all(tries).await;
        let made: Vec<_> = answers.iter().filter(|a| a.status == 201).collect();
        assert!(made.windows(2).all(|pair| pair[0].body == pair[1].body));
        let fresh = made.iter().filter(|a| a.header("idempotency-replayed").is_empty()).count();
        let refused = answers.iter().filter(|a| a.status == 409 && a.header("retry-after") == "1").count();
        assert_eq!((fresh, made.len() + refused), (1, 20));
        assert_eq!(count_bookings(fixture).await, 1);
    })
    .await;
}
