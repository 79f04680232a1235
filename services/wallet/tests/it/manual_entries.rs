//! Deposits, adjustments and releases by administrators.

use crate::fixture::*;
use domain::Role;
use proto_events::platform::v1::StaffActed;
use serde_json::json;

#[tokio::test]
async fn only_an_administrator_makes_manual_entries_and_each_is_audited() {
    let s = start_wallet().await;
    s.deliver_now(&registered(A)).await;
    let path = format!("/wallets/{}/deposits", id(A));
    let body = json!({ "amount": "250.00", "reason": "  a prize  " });
    assert_eq!(s.anonymous().post(&path, body.clone()).await.problem(401), "auth.token_invalid");
    assert_eq!(s.as_user(user(A)).post(&path, body.clone()).await.problem(403), "auth.forbidden");
    assert_eq!(s.as_staff().post(&path, body.clone()).await.problem(403), "auth.forbidden");
    let made = s.as_admin().post(&path, body).await.expect(201);
    assert_eq!(made["type"], "DEPOSIT");
    assert_eq!(made["amount"], "250.00");
    assert_eq!((&made["balance_before"], &made["balance_after"]), (&json!("0.00"), &json!("250.00")));
    assert_eq!(made["description"], "a prize");
    // The time of the cause of a manual entry is its posting time.
    assert_eq!(made["created_at"], made["posted_at"]);
    assert_eq!(made["reference"]["type"], "deposit");
    let acted = s.published::<StaffActed>().await;
    assert_eq!((acted.len(), acted[0].action.as_str()), (1, "wallet.deposit"));
    assert_eq!(acted[0].detail, "250.00: a prize");
    s.finish().await;
}

#[tokio::test]
async fn a_bad_request_gets_all_its_errors_and_posts_nothing() {
    let s = start_wallet().await;
    s.deliver_now(&registered(A)).await;
    let admin = s.as_admin();
    let path = format!("/wallets/{}/deposits", id(A));
    for (body, status) in [
        (json!({ "amount": 250, "reason": "a number" }), 400),
        (json!({ "amount": "250", "reason": "no places" }), 400),
        (json!({ "amount": "2.505", "reason": "three places" }), 400),
        (json!({ "amount": "00500.00", "reason": "leading zeros" }), 400),
        (json!({ "amount": "+500.00", "reason": "a sign" }), 400),
        (json!({ "amount": "-0.00", "reason": "a negative zero" }), 400),
        (json!({ "amount": "५००.००", "reason": "other digits" }), 400),
        (json!({ "amount": " 500.00", "reason": "a blank" }), 400),
        (json!({ "amount": "5e2", "reason": "an exponent" }), 400),
        (json!({ "reason": "no amount" }), 400),
        (json!([]), 400),
        (json!({ "amount": "0.00", "reason": "nothing" }), 422),
        (json!({ "amount": "-1.00", "reason": "negative" }), 422),
        (json!({ "amount": "1.00", "reason": "" }), 422),
        (json!({ "amount": "1.00", "reason": "   " }), 422),
        (json!({ "amount": "1.00", "reason": "x".repeat(501) }), 422),
        (json!({ "amount": "1.00", "reason": "a\u{0}prize" }), 422),
    ] {
        admin.post(&path, body.clone()).await.problem(status);
    }
    let with_two_errors = admin.post(&path, json!({ "amount": "0.00", "reason": "" })).await;
    assert_eq!(with_two_errors.body["errors"].as_array().unwrap().len(), 2);
    assert_eq!(with_two_errors.problem(422), "wallet.invalid_request");
    admin.post(&path, json!({ "amount": "1.00", "reason": "ख".repeat(500) })).await.expect(201);
    admin.post(&path, json!({ "amount": "2.00", "reason": " r\n\tr " })).await.expect(201);
    assert_eq!(lines(&s.as_user(user(A))).await, ["DEPOSIT 1.00", "DEPOSIT 2.00"]);
    assert_eq!(admin.post("/wallets/not-an-id/deposits", json!({})).await.problem(404), "request.not_found");
    assert_eq!(admin.post(&format!("/wallets/{}/deposits", id(99)), json!({})).await.problem(404), "request.not_found");
    s.finish().await;
}

#[tokio::test]
async fn an_administrator_cannot_post_to_their_own_wallet() {
    let s = start_wallet().await;
    deposit(&s, A, "10.00").await;
    let mut reserved = pair(A, 1, "0.00");
    (reserved.reserve_deduction_paise, reserved.available_paise) = (5_000, 45_000);
    s.deliver_now(&placed(vec![reserved])).await;
    let before = balances(&s, A).await;
    let (own, other) = (s.as_role(user(A), Role::Admin), s.as_admin());
    for action in ["deposits", "adjustments", "reserve-release"] {
        let path = format!("/wallets/{}/{action}", id(A));
        let body = json!({ "amount": "1.00", "reason": "for me" });
        assert_eq!(own.post(&path, body.clone()).await.problem(403), "wallet.own", "{action}");
        assert_eq!(own.post(&path, json!({})).await.problem(403), "wallet.own", "{action}: before the body is read");
        // An id in upper case names the same member.
        let upper = format!("/wallets/{}/{action}", id(A).to_string().to_uppercase());
        assert_eq!(own.post(&upper, body.clone()).await.problem(403), "wallet.own", "{action}");
        assert_eq!(balances(&s, A).await, before, "{action}");
    }
    for action in ["deposits", "adjustments", "reserve-release"] {
        let body = json!({ "amount": "1.00", "reason": "for them" });
        other.post(&format!("/wallets/{}/{action}", id(A)), body).await.expect(201);
    }
    s.deliver_now(&registered(B)).await;
    let path = format!("/wallets/{}/deposits", id(B));
    own.post(&path, json!({ "amount": "1.00", "reason": "for another member" })).await.expect(201);
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn concurrent_requests_with_the_same_key_post_one_entry() {
    let s = start_wallet().await;
    s.deliver_now(&registered(A)).await;
    let admin = s.as_role(user(0xAD), Role::Admin);
    let path = format!("/wallets/{}/deposits", id(A));
    let body = json!({ "amount": "10.00", "reason": "a prize" });
    let requests = (0..8).map(|_| {
        let (admin, path, body) = (admin.clone(), path.clone(), body.clone());
        tokio::spawn(async move { admin.post_with_key(&path, "k1", body).await.expect(201) })
    });
    let mut answers = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        answers.push(request.await.unwrap());
    }
    assert!(answers.windows(2).all(|w| w[0] == w[1]));
    let other = admin.post_with_key(&path, "k1", json!({ "amount": "11.00", "reason": "a prize" })).await;
    assert_eq!(other.problem(422), "idempotency.key_reused");
    assert_eq!(lines(&s.as_user(user(A))).await, ["DEPOSIT 10.00"]);
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn an_adjustment_goes_both_ways_and_never_below_zero() {
    let s = start_wallet().await;
    deposit(&s, A, "10.00").await;
    let admin = s.as_admin();
    let adjust = |amount: &str| json!({ "amount": amount, "reason": "a correction" });
    let path = format!("/wallets/{}/adjustments", id(A));
    assert_eq!(admin.post(&path, adjust("-10.01")).await.problem(422), "wallet.insufficient_funds");
    assert_eq!(admin.post(&path, adjust("0.00")).await.problem(422), "wallet.invalid_request");
    assert_eq!(admin.post(&path, adjust("92233720368547758.07")).await.problem(422), "wallet.invalid_request");
    admin.post(&path, adjust("-10.00")).await.expect(201);
    admin.post(&path, adjust("3.33")).await.expect(201);
    assert_eq!(lines(&s.as_user(user(A))).await, ["DEPOSIT 10.00", "ADJUSTMENT -10.00", "ADJUSTMENT 3.33"]);
    assert_eq!(s.as_user(user(A)).get("/wallet/forfeits").await.expect(200)["items"], json!([]));
    assert!(assert_consistent(&s).await.contains("company:adjustments 0.00 6.67"));
    s.finish().await;
}

#[tokio::test]
async fn concurrent_debits_beyond_the_balance_are_refused() {
    let s = start_wallet().await;
    deposit(&s, A, "1000.00").await;
    let admin = s.as_admin();
    let path = format!("/wallets/{}/adjustments", id(A));
    let requests: Vec<_> = (0..16)
        .map(|_| {
            let (admin, path) = (admin.clone(), path.clone());
            let body = json!({ "amount": "-100.00", "reason": "a race" });
            tokio::spawn(async move { admin.post(&path, body).await.status })
        })
        .collect();
    let mut made = 0;
    for request in requests {
        match request.await.unwrap() {
            201 => made += 1,
            other => assert_eq!(other, 422),
        }
    }
    assert_eq!(made, 10);
    assert_eq!(balances_text(&s, A).await, "0.00 0.00 0.00 0.00");
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_reserve_is_released_with_a_reason_and_never_beyond_its_amount() {
    let s = start_wallet().await;
    s.deliver_now(&registered(A)).await;
    let mut reserved = pair(A, 1, "0.00");
    (reserved.reserve_deduction_paise, reserved.available_paise) = (5_000, 45_000);
    s.deliver_now(&placed(vec![reserved])).await;
    assert_eq!(balances(&s, A).await["reserve"], "50.00");
    let path = format!("/wallets/{}/reserve-release", id(A));
    let body = |amount: &str| json!({ "amount": amount, "reason": "requested" });
    let admin = s.as_admin();
    assert_eq!(admin.post(&path, body("50.01")).await.problem(422), "wallet.insufficient_reserve");
    admin.post(&path, body("50.00")).await.expect(201);
    assert_eq!(balances(&s, A).await["available"], "500.00");
    let seen = lines(&s.as_user(user(A))).await;
    assert_eq!(seen, ["BINARY_PAIR 500.00", "RESERVE_DEDUCTION -50.00", "RESERVE_RELEASE 50.00"]);
    assert_consistent(&s).await;
    s.finish().await;
}
