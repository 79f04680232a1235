//! `Idempotency-Key`: what is one, for how long, whose, and what a second request meets while the first is at work.

use crate::on_services::on_mariadb;
use crate::world::{SCOOTER, World, text};
use booking::error::BookingError;
use booking::store::members;
use diesel_async::SimpleAsyncConnection;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;

fn booking() -> Value {
    json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" })
}

async fn how_many(world: &World) -> usize {
    world.again().get("/bookings").await.expect(200)["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn the_same_key_starts_one_payment_however_often_at_once() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let body = json!({ "amount": "500.00", "method": "online" });
    let tries = (0..20).map(|_| world.client.post_with_key(&path, "k", body.clone()));
    let answers = futures_util::future::join_all(tries).await;
    let first = answers[0].body.clone();
    assert!(first["checkout"]["order_id"].is_string());
    assert!(answers.iter().all(|a| a.status == 201 && a.body == first));
    assert_eq!(world.client.get("/payments").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    world.service.finish().await;
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_characters() {
    let world = World::start().await;
    let too_long = "k".repeat(256);
    for bad in ["".as_bytes(), too_long.as_bytes(), "schlüssel".as_bytes(), b"\xff"] {
        let request = world.client.request(Method::POST, "/bookings").header("Idempotency-Key", bad).json(&booking());
        assert_eq!(world.client.send(request).await.problem(400), "idempotency.bad_key", "{bad:?}");
    }
    assert_eq!(how_many(&world).await, 0);
    let longest = "k".repeat(255);
    let first = world.client.post_with_key("/bookings", &longest, booking()).await.expect(201);
    let again = world.client.post_with_key("/bookings", &longest, booking()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), first);
    // It counts whole, and case counts.
    world.client.post_with_key("/bookings", &longest[1..], booking()).await.expect(201);
    world.client.post_with_key("/bookings", &longest.to_uppercase(), booking()).await.expect(201);
    assert_eq!(how_many(&world).await, 3);
    world.service.finish().await;
}

#[tokio::test]
async fn a_key_is_its_callers_own_and_kept_for_a_day() {
    let world = World::start().await;
    let first = world.client.post_with_key("/bookings", "k", booking()).await.expect(201);
    let other = world.stranger().post_with_key("/bookings", "k", booking()).await;
    assert_eq!((other.header("idempotency-replayed").as_str(), other.status), ("", 201));
    assert_ne!(other.body["id"], first["id"]);
    world.service.clock.advance_secs(24 * 3_600 - 10);
    world.service.run_job("housekeeping").await;
    let again = world.again().post_with_key("/bookings", "k", booking()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201)["id"], first["id"]);
    world.service.clock.advance_secs(20);
    let later = world.again().post_with_key("/bookings", "k", booking()).await;
    assert_eq!((later.header("idempotency-replayed").as_str(), later.status), ("", 201));
    assert_ne!(later.body["id"], first["id"]);
    world.service.finish().await;
}

/// Whether somebody holds the row of this key.
async fn is_at_work(world: &World, key: &str) -> bool {
    let row = format!("SELECT 1 FROM idempotency_keys WHERE idempotency_key = '{key}' FOR UPDATE NOWAIT");
    let mut c = world.service.ctx().db().write().await.expect("a connection");
    c.batch_execute(&row).await.is_err_and(|error| db::is_locked(&error))
}

#[tokio::test]
async fn a_key_that_is_at_work_is_refused_until_it_is_answered_on_services() {
    on_mariadb(async |world| {
        world.book("500.00").await;
        let (held, done) = (&Notify::new(), &Notify::new());
        let member = world.member;
        // Keeps the member's row, for which the first request then has to wait.
        let holds = world.service.ctx().db().tx(async |c| {
            members::lock(c, member).await?;
            held.notify_one();
            done.notified().await;
            Ok::<_, BookingError>(())
        });
        let asks = async {
            held.notified().await;
            let first = world.client.post_with_key("/bookings", "k", booking());
            let others = async {
                while !is_at_work(world, "k").await {
                    tokio::task::yield_now().await;
                }
                let refused = world.client.post_with_key("/bookings", "k", booking()).await;
                assert_eq!(refused.header("retry-after"), "1");
                assert_eq!(refused.problem(409), "idempotency.in_progress");
                done.notify_one();
            };
            tokio::join!(first, others).0
        };
        let (held, first) = tokio::join!(holds, asks);
        held.expect("nothing goes wrong");
        let first = first.expect(201);
        let again = world.client.post_with_key("/bookings", "k", booking()).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.expect(201), first);
        assert_eq!(how_many(world).await, 2);
    })
    .await;
}

#[tokio::test]
async fn many_requests_with_one_key_have_one_effect_and_no_other_answer_on_services() {
    on_mariadb(async |world| {
        let tries = (0..20).map(|_| world.client.post_with_key("/bookings", "k", booking()));
        let answers = futures_util::future::join_all(tries).await;
        let made: Vec<_> = answers.iter().filter(|a| a.status == 201).collect();
        assert!(made.windows(2).all(|pair| pair[0].body == pair[1].body));
        let fresh = made.iter().filter(|a| a.header("idempotency-replayed").is_empty()).count();
        let refused = answers.iter().filter(|a| a.status == 409 && a.header("retry-after") == "1").count();
        assert_eq!((fresh, made.len() + refused), (1, 20));
        assert_eq!(how_many(world).await, 1);
    })
    .await;
}
