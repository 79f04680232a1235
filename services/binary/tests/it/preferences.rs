//! Preferred sides, and events that arrive late or early.

use crate::fixture::{counts_and_pairs, join, me, pay, payment, refund_of, register, start, user};
use proto_events::auth::v1::{UserRegistered, UserUpdated};
use serde_json::Value;

#[tokio::test]
async fn a_side_chosen_before_the_payment_applies_without_an_event_from_auth() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    // Registered with one side; the update from auth arrives after the payment.
    let mut registered = user(runtime::id::fresh(), "B", Some(a));
    registered.preferred_side = Some("left".into());
    let b: domain::UserId = registered.user_id.as_slice().try_into().unwrap();
    s.deliver_now(&UserRegistered { user: Some(registered.clone()) }).await;
    let side =
        async |side: Value| s.as_user(b).put("/users/me/preferred-side", serde_json::json!({ "side": side })).await;
    let shown = async || s.as_user(b).get("/users/me/preferred-side").await.expect(200)["preferred_side"].clone();
    assert_eq!(shown().await, "left");
    assert_eq!(side("up".into()).await.problem(400), "request.wrong_type");
    assert_eq!(s.as_user(b).put("/users/me/preferred-side", serde_json::json!({})).await.status, 400);
    side(Value::Null).await.expect(200);
    assert_eq!(shown().await, Value::Null);
    assert_eq!(side("right".into()).await.expect(200)["preferred_side"], "right");
    pay(&s, b, 500).await;
    assert_eq!(me(&s, b).await["side"], "right");
    registered.version = 2;
    s.deliver_now(&UserUpdated { user: Some(registered) }).await;
    assert_eq!((me(&s, b).await["side"].clone(), shown().await), ("right".into(), "right".into()));
    assert_eq!(side("left".into()).await.problem(409), "binary.already_placed");
    s.finish().await;
}

#[tokio::test]
async fn a_side_can_be_chosen_before_the_member_is_known() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let b = user(runtime::id::fresh(), "B", Some(a));
    let id: domain::UserId = b.user_id.as_slice().try_into().unwrap();
    s.as_user(id).put("/users/me/preferred-side", serde_json::json!({ "side": "right" })).await.expect(200);
    pay(&s, id, 500).await;
    s.deliver_now(&UserRegistered { user: Some(b) }).await;
    assert_eq!(me(&s, id).await["side"], "right");
    s.finish().await;
}

#[tokio::test]
async fn an_event_ahead_of_the_clock_waits_and_does_not_move_the_trees_time() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let (b, c) = (register(&s, "B", Some(a)).await, register(&s, "C", Some(a)).await);
    // A producer whose clock is two months ahead, and one that is within a minute.
    let wrong = s.now().plus_hours(60 * 24);
    let early = payment(b, 500, "online", wrong);
    let envelope = s.deliver(wrong, &early).await;
    s.deliver_envelope(envelope).await;
    s.deliver(wrong, &refund_of(&early, wrong)).await;
    s.deliver(s.now().plus_secs(60), &payment(c, 500, "online", s.now().plus_secs(60))).await;
    assert_eq!(me(&s, c).await["side"], "left");
    s.as_user(b).get("/binary/me").await.problem(404);
    let log = s.as_staff().get("/binary/log").await.expect(200);
    let last: domain::Timestamp =
        log["items"].as_array().unwrap().last().unwrap()["at"].as_str().unwrap().parse().unwrap();
    assert!(last <= s.now().plus_secs(60), "{last}");
    assert!(s.parked().await.is_empty());
    s.run_job("events-ahead").await;
    s.as_user(b).get("/binary/me").await.problem(404);
    // When it is due it is applied once, and then its refund is.
    s.clock.advance_secs(60 * 24 * 3_600 - 60);
    s.run_job("events-ahead").await;
    s.run_job("events-ahead").await;
    assert_eq!(counts_and_pairs(&s, a).await, (1, 0, 0));
    me(&s, b).await;
    s.finish().await;
}
