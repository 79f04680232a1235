//! Repeated and parallel requests have one effect.

use crate::platform::TestPlatform;
use futures_util::future::join_all;
use serde_json::{Value, json};

pub(crate) async fn fifty_parallel_webhooks_credit_once(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let b = platform.member(Some(&a)).await;
    let booking = b.book(platform, "500.00").await;
    let payment = b.order(&booking, "500.00").await;
    let (id, order) = (payment["id"].as_str().unwrap(), payment["checkout"]["order_id"].as_str().unwrap());
    let (demo, gateway_id) = (platform.demo_client(), format!("pay_{id}"));
    let sent = join_all((0..50).map(|_| demo.capture(order, &gateway_id, "500.00"))).await;
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    b.wait_for_place(platform).await;
    a.wait_for_balance(platform, "available", "25.00").await;
    let after = b.http.get(&format!("/bookings/{booking}")).await.expect(200);
    assert_eq!((&after["total_paid"], &after["status"]), (&json!("500.00"), &json!("confirmed")));
    assert_eq!(b.http.get("/payments").await.expect(200)["items"].as_array().unwrap().len(), 1);
    demo.capture(order, &gateway_id, "500.00").await.unwrap();
    assert_eq!(a.amounts("REFERRAL_BONUS").await, ["25.00"]);
    // The same gateway payment cannot pay another order.
    let second = b.order(&booking, "100.00").await;
    let order = second["checkout"]["order_id"].as_str().unwrap();
    demo.capture(order, &gateway_id, "100.00").await.unwrap();
    let after = b.http.get(&format!("/bookings/{booking}")).await.expect(200);
    assert_eq!(after["total_paid"], json!("500.00"));
}

pub(crate) async fn parallel_requests_with_one_idempotency_key_take_effect_once(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let admin = &platform.admin().await.http;
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
    a.wait_for_balance(platform, "available", "100.00").await;
    let other = json!({ "amount": "100.01", "reason": "for a test" });
    assert_eq!(admin.post_with_key(&path, &key, other).await.problem(422), "idempotency.key_reused");
    let too_long = "k".repeat(256);
    assert_eq!(admin.post_with_key(&path, &too_long, body.clone()).await.problem(400), "idempotency.bad_key");
    assert_eq!(a.amounts("DEPOSIT").await, ["100.00"]);
    // Keys are separate for each caller.
    let book = json!({ "vehicle_id": platform.vehicle().await, "booking_amount": "500.00" });
    let mine = a.http.post_with_key("/bookings", &key, book.clone()).await.expect(201);
    let same = a.http.post_with_key("/bookings", &key, book).await;
    assert_eq!(same.header("idempotency-replayed"), "true");
    assert_eq!(same.expect(201), mine);
}

pub(crate) async fn of_three_payouts_for_the_whole_balance_one_succeeds(platform: &TestPlatform) {
    let a = platform.member(None).await;
    a.approve_kyc(platform).await;
    a.deposit(platform, "1000.00").await;
    a.wait_for_balance(platform, "available", "1000.00").await;
    let body = json!({ "amount": "1000.00", "emi_autofill": false });
    platform.wait_until("the quote", 200, async || a.http.post("/payouts/quote", body.clone()).await.status).await;
    let asked = join_all((0..3).map(|_| a.http.post("/payouts", body.clone()))).await;
    a.wait_for_balance(platform, "held", "1000.00").await;
    let open = async || {
        let list = a.http.get("/payouts").await.expect(200);
        let status = |p: &Value| p["status"].as_str().unwrap().to_owned();
        let mut all: Vec<String> = list["items"].as_array().unwrap().iter().map(status).collect();
        all.retain(|s| s != "rejected");
        all
    };
    platform.wait_until("one payout", vec!["pending".to_owned()], open).await;
    assert!(asked.iter().all(|r| [201, 422].contains(&r.status)), "{asked:?}");
    assert_eq!(a.balance("available").await, "0.00");
}
