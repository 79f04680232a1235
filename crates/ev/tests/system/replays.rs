//! Again, and in parallel: one effect.

use crate::world::World;
use futures_util::future::join_all;
use serde_json::{Value, json};

pub(crate) async fn a_webhook_fifty_times_in_parallel_credits_once(world: &World) {
    let a = world.member(None).await;
    let b = world.member(Some(&a)).await;
    let booking = b.book(world, "500.00").await;
    let payment = b.order(&booking, "500.00").await;
    let (id, order) = (payment["id"].as_str().unwrap(), payment["checkout"]["order_id"].as_str().unwrap());
    let (story, gateway_id) = (world.story(), format!("pay_{id}"));
    let sent = join_all((0..50).map(|_| story.capture(order, &gateway_id, "500.00"))).await;
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    b.wait_for_place(world).await;
    a.wait_for(world, "available", "25.00").await;
    let after = b.http.get(&format!("/bookings/{booking}")).await.expect(200);
    assert_eq!((&after["total_paid"], &after["status"]), (&json!("500.00"), &json!("confirmed")));
    assert_eq!(b.http.get("/payments").await.expect(200)["items"].as_array().unwrap().len(), 1);
    story.capture(order, &gateway_id, "500.00").await.unwrap();
    assert_eq!(a.amounts("REFERRAL_BONUS").await, ["25.00"]);
    // The same gateway payment cannot pay another order.
    let second = b.order(&booking, "100.00").await;
    let order = second["checkout"]["order_id"].as_str().unwrap();
    story.capture(order, &gateway_id, "100.00").await.unwrap();
    let after = b.http.get(&format!("/bookings/{booking}")).await.expect(200);
    assert_eq!(after["total_paid"], json!("500.00"));
}

pub(crate) async fn an_idempotency_key_in_parallel_takes_effect_once(world: &World) {
    let a = world.member(None).await;
    let admin = &world.admin().await.http;
    let path = format!("/wallets/{}/deposits", a.id);
    let body = json!({ "amount": "100.00", "reason": "for a test" });
    let key = format!("deposit-{}", a.id);
    let answers = join_all((0..20).map(|_| admin.post_with_key(&path, &key, body.clone()))).await;
    let fresh = answers.iter().filter(|r| r.status == 201 && r.header("idempotency-replayed").is_empty()).count();
    let running = answers.iter().filter(|r| r.status == 409).count();
    let again = answers.iter().filter(|r| r.header("idempotency-replayed") == "true").count();
    assert_eq!((fresh, again + running), (1, 19));
    let ids: Vec<&Value> = answers.iter().filter(|r| r.status == 201).map(|r| &r.body["id"]).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    a.wait_for(world, "available", "100.00").await;
    let other = json!({ "amount": "100.01", "reason": "for a test" });
    assert_eq!(admin.post_with_key(&path, &key, other).await.problem(422), "idempotency.key_reused");
    let too_long = "k".repeat(256);
    assert_eq!(admin.post_with_key(&path, &too_long, body.clone()).await.problem(400), "idempotency.bad_key");
    assert_eq!(a.amounts("DEPOSIT").await, ["100.00"]);
    // The key is the caller's own.
    let book = json!({ "vehicle_id": world.vehicle().await, "booking_amount": "500.00" });
    let mine = a.http.post_with_key("/bookings", &key, book.clone()).await.expect(201);
    let same = a.http.post_with_key("/bookings", &key, book).await;
    assert_eq!(same.header("idempotency-replayed"), "true");
    assert_eq!(same.expect(201), mine);
}

pub(crate) async fn three_payouts_on_the_balance_of_one_give_one(world: &World) {
    let a = world.member(None).await;
    a.know(world).await;
    a.deposit(world, "1000.00").await;
    a.wait_for(world, "available", "1000.00").await;
    let body = json!({ "amount": "1000.00", "emi_autofill": false });
    world.until("the quote", 200, async || a.http.post("/payouts/quote", body.clone()).await.status).await;
    let asked = join_all((0..3).map(|_| a.http.post("/payouts", body.clone()))).await;
    a.wait_for(world, "held", "1000.00").await;
    let open = async || {
        let list = a.http.get("/payouts").await.expect(200);
        let status = |p: &Value| p["status"].as_str().unwrap().to_owned();
        let mut all: Vec<String> = list["items"].as_array().unwrap().iter().map(status).collect();
        all.retain(|s| s != "rejected");
        all
    };
    world.until("one payout", vec!["pending".to_owned()], open).await;
    assert!(asked.iter().all(|r| [201, 422].contains(&r.status)), "{asked:?}");
    assert_eq!(a.balance("available").await, "0.00");
}
