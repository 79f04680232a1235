//! Quotes and requests of payouts.

use crate::fixture::{fixture, parts, payout_body};
use domain::Role;
use proto_events::binary::v1::{PlanPublished, PlanWithdrawn};
use proto_events::payout::v1::{PayoutCancelled, PayoutRejected, PayoutRequested};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_and_a_request_agree_and_the_request_is_published() {
    let f = fixture().await;
    let member = f.member("10000.00").await;
    let quote = member.client.post("/payouts/quote", payout_body("10000.00")).await.expect(200);
    assert_eq!(parts(&quote), ["10000.00", "500.00", "0.00", "9500.00"]);
    assert_eq!(quote["tds_rule"]["id"], "seed-1");
    let with_nulls = json!({"amount": "100.00", "emi_autofill": null, "bank_account_id": null});
    assert_eq!(member.client.post("/payouts/quote", with_nulls).await.expect(200)["emi"], "0.00");
    let payout = member.client.post("/payouts", payout_body("10000.00")).await.expect(201);
    assert_eq!(parts(&payout), parts(&quote));
    assert_eq!(payout["status"], "requested");
    assert_eq!(payout["bank"]["account_number"], "xxxxxx4321");
    assert!(!payout.to_string().contains("123456784321"));
    let events = f.published::<PayoutRequested>().await;
    let requested = events[0].payout.as_ref().unwrap();
    assert_eq!((requested.requested_paise, requested.version, requested.status.as_str()), (1_000_000, 1, "requested"));
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_code_and_stores_nothing() {
    let f = fixture().await;
    let unknown = f.unknown_member();
    let quote_and_request = async |client: &testkit::Client, amount: &str| {
        let (quote, request) = tokio::join!(
            client.post("/payouts/quote", payout_body(amount)),
            client.post("/payouts", payout_body(amount))
        );
        let (quote, request) = (quote.problem(422), request.problem(422));
        assert_eq!(quote, request, "{amount}");
        request
    };
    assert_eq!(quote_and_request(&unknown.client, "100.00").await, "payout.kyc_not_approved");
    let member = f.member("500.00").await;
    for (amount, code) in [
        ("99.99", "payout.below_minimum"),
        ("0.00", "payout.below_minimum"),
        ("-100.00", "payout.below_minimum"),
        ("500.01", "payout.insufficient_balance"),
        ("92233720368547758.07", "payout.insufficient_balance"),
    ] {
        assert_eq!(quote_and_request(&member.client, amount).await, code, "{amount}");
    }
    f.wallet(member.id, 2, "500.00", "0.00", "0.01").await;
    assert_eq!(member.client.post("/payouts", payout_body("100.00")).await.problem(422), "payout.clawback_due");
    for malformed in [json!({"amount": 500}), json!({"amount": "500"}), json!({"amount": "1.234"}), json!({})] {
        assert_eq!(member.client.post("/payouts", malformed).await.status, 400);
    }
    assert_eq!(f.requests().await, 0);
    f.wallet(member.id, 3, "500.00", "0.00", "0.00").await;
    member.client.post("/payouts", payout_body("100.00")).await.expect(201);
    member.client.post("/payouts", payout_body("400.00")).await.expect(201);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_concurrent_requests_for_the_whole_balance_one_succeeds() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let request_all = || member.client.post("/payouts", payout_body("1000.00"));
    let (a, b, c) = tokio::join!(request_all(), request_all(), request_all());
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422, 422]);
    assert_eq!(f.requests().await, 1);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_idempotency_key_requests_once_even_without_balance_left() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let request_once = || member.client.post_with_key("/payouts", "k1", payout_body("1000.00"));
    let (a, b) = tokio::join!(request_once(), request_once());
    assert_eq!((a.status, b.status), (201, 201));
    assert_eq!(a.body["id"], b.body["id"]);
    let again = request_once().await;
    assert_eq!((again.status, again.header("idempotency-replayed").as_str()), (201, "true"));
    let other = member.client.post_with_key("/payouts", "k1", payout_body("999.00")).await;
    assert_eq!(other.problem(422), "idempotency.key_reused");
    assert_eq!(f.requests().await, 1);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_for_events_in_delivery() {
    let f = fixture().await;
    let member = f.unknown_member();
    let request = member.client.post("/payouts", payout_body("100.00"));
    let events = async {
        f.wallet(member.id, 1, "100.00", "0.00", "0.00").await;
        f.deliver_now(&f.kyc(member.id, 1, true, "ABCDE1234F", "123456784321")).await;
    };
    let (reply, ()) = tokio::join!(request, events);
    reply.expect(201);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_older_event_does_not_replace_a_newer_one() {
    let f = fixture().await;
    let member = f.unknown_member();
    f.wallet(member.id, 2, "100.00", "0.00", "0.00").await;
    f.wallet(member.id, 1, "900.00", "0.00", "0.00").await;
    f.deliver_now(&f.kyc(member.id, 2, true, "ABCDE1234F", "123456784321")).await;
    f.deliver_now(&f.kyc(member.id, 1, false, "ABCDE1234F", "123456784321")).await;
    member.client.post("/payouts/quote", payout_body("100.00")).await.expect(200);
    let too_much = member.client.post("/payouts/quote", payout_body("100.01")).await;
    assert_eq!(too_much.problem(422), "payout.insufficient_balance");
    f.deliver_now(&f.kyc(member.id, 3, false, "ABCDE1234F", "123456784321")).await;
    let refused = member.client.post("/payouts/quote", payout_body("100.00")).await;
    assert_eq!(refused.problem(422), "payout.kyc_not_approved");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wallet_decides_the_hold_once() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let payout = member.client.post("/payouts", payout_body("1000.00")).await.expect(201);
    let refused = f.hold(&payout, false);
    for _ in 0..3 {
        f.deliver_now(&refused).await;
    }
    // A later contrary decision changes nothing.
    f.deliver_now(&f.hold(&payout, true)).await;
    let id = payout["id"].as_str().unwrap();
    let shown = member.client.get(&format!("/payouts/{id}")).await.expect(200);
    let reason = "your available balance was smaller than the amount";
    assert_eq!((&shown["status"], &shown["reason"]), (&json!("rejected"), &json!(reason)));
    let events = f.published::<PayoutRejected>().await;
    assert_eq!(events.len(), 1);
    assert!(events[0].hold_refused);
    assert_eq!(events[0].payout.as_ref().unwrap().reason, reason);
    member.client.post("/payouts", payout_body("1000.00")).await.expect(201);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_and_cancels_their_own_payouts_only() {
    let f = fixture().await;
    let (owner, other) = (f.member("1000.00").await, f.unknown_member());
    let id = f.pending(&owner, payout_body("600.00")).await;
    assert_eq!(other.client.get(&format!("/payouts/{id}")).await.problem(404), "request.not_found");
    assert_eq!(other.client.post_empty(&format!("/payouts/{id}/cancel")).await.problem(404), "request.not_found");
    assert_eq!(other.client.get("/payouts/not-an-id").await.problem(404), "request.not_found");
    assert_eq!(f.as_staff().post_empty(&format!("/payouts/{id}/cancel")).await.problem(403), "auth.forbidden");
    assert_eq!(other.client.get("/payouts").await.expect(200)["items"], json!([]));
    let filtered = other.client.get(&format!("/payouts?user_id={}", owner.id)).await.expect(200);
    assert_eq!(filtered["items"], json!([]));
    let all = f.as_staff().get(&format!("/payouts?user_id={}&status=pending", owner.id)).await.expect(200);
    assert_eq!(all["items"][0]["id"], json!(id));
    let cancel = format!("/payouts/{id}/cancel");
    let (a, b) = tokio::join!(owner.client.post_empty(&cancel), owner.client.post_empty(&cancel));
    assert_eq!((a.status, b.status), (200, 200));
    assert_eq!(f.published::<PayoutCancelled>().await.len(), 1);
    assert_eq!(f.as_staff().post_empty(&format!("/payouts/{id}/approve")).await.problem(409), "payout.state_conflict");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_routes_refuse_members() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let id = f.pending(&member, payout_body("600.00")).await;
    let staff_only = ["approve", "reject", "settle", "return"].map(|verb| format!("/payouts/{id}/{verb}"));
    for path in staff_only.iter().map(String::as_str).chain(["/payout-batches"]) {
        assert_eq!(member.client.post_empty(path).await.problem(403), "auth.forbidden", "{path}");
        assert_eq!(f.anonymous().post_empty(path).await.problem(401), "auth.token_invalid", "{path}");
    }
    assert_eq!(member.client.get("/tax-rules").await.problem(403), "auth.forbidden");
    assert_eq!(f.as_role(member.id, Role::Staff).post("/tax-rules", json!({})).await.status, 403);
    assert_eq!(f.status(&id).await, "pending");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_plan_changes_the_minimum_from_its_day_on() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let mut plan = domain::Plan::seed();
    plan.payout.minimum = domain::Money::from_rupees(200);
    let from = f.now().plus_hours(1);
    let published = PlanPublished {
        version: 2,
        effective_from: from.micros(),
        plan_json: serde_json::to_string(&plan).unwrap(),
        ..PlanPublished::default()
    };
    f.deliver_now(&published).await;
    f.deliver_now(&published).await;
    member.client.post("/payouts/quote", payout_body("100.00")).await.expect(200);
    f.clock.set(from);
    let member = f.as_user(member.id);
    assert_eq!(member.post("/payouts/quote", payout_body("199.99")).await.problem(422), "payout.below_minimum");
    member.post("/payouts/quote", payout_body("200.00")).await.expect(200);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_published_late_or_out_of_order_applies_from_its_day_on() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let published = |version: u32, minimum: i64, hours: i64| {
        let mut plan = domain::Plan::seed();
        plan.payout.minimum = domain::Money::from_rupees(minimum);
        let effective_from = f.now().plus_hours(hours).micros();
        let plan_json = serde_json::to_string(&plan).unwrap();
        PlanPublished { version, effective_from, plan_json, ..PlanPublished::default() }
    };
    let (second, third) = (published(2, 200, -2), published(3, 300, -1));
    let smallest_payout = async || {
        for rupees in [100, 200, 300] {
            if member.client.post("/payouts/quote", payout_body(&format!("{rupees}.00"))).await.status == 200 {
                return rupees;
            }
        }
        0
    };
    assert_eq!(smallest_payout().await, 100);
    f.deliver_now(&third).await;
    assert_eq!(smallest_payout().await, 300);
    f.deliver_now(&second).await;
    assert_eq!(smallest_payout().await, 300);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_plan_does_not_apply_in_whichever_order_its_events_come() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let now = f.now();
    let published = |version: u32, minimum: i64, hours: i64| {
        let mut plan = domain::Plan::seed();
        plan.payout.minimum = domain::Money::from_rupees(minimum);
        let plan_json = serde_json::to_string(&plan).unwrap();
        let effective_from = now.plus_hours(hours).micros();
        PlanPublished { version, effective_from, plan_json, ..PlanPublished::default() }
    };
    let withdrawn = |version| PlanWithdrawn { version, ..PlanWithdrawn::default() };
    let is_allowed = async |amount: &str| {
        let reply = f.as_user(member.id).post("/payouts/quote", payout_body(amount)).await;
        if reply.status != 200 {
            assert_eq!(reply.problem(422), "payout.below_minimum");
            return false;
        }
        true
    };
    f.deliver_now(&published(2, 200, 2)).await;
    f.deliver_now(&published(3, 300, 4)).await;
    assert!(is_allowed("199.00").await);
    for version in [2, 4, 2] {
        f.deliver_now(&withdrawn(version)).await;
    }
    f.deliver_now(&published(4, 400, 5)).await;
    f.clock.set(now.plus_hours(3));
    assert!(is_allowed("199.00").await);
    f.clock.set(now.plus_hours(6));
    assert_eq!((is_allowed("299.00").await, is_allowed("300.00").await), (false, true));
    // The next version began before the one it follows would have, so that one is withdrawn too.
    f.deliver_now(&published(5, 250, 1)).await;
    assert_eq!((is_allowed("249.00").await, is_allowed("250.00").await), (false, true));
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_applied_in_a_few_statements() {
    let f = fixture().await;
    let mut backlog = Vec::new();
    let mut members = Vec::new();
    for n in 0..30 {
        let member = f.unknown_member();
        let kyc = f.kyc(member.id, 1, true, &format!("ABCDE{:04}F", n), &format!("1234567843{n:02}"));
        f.deliver_now(&kyc).await;
        f.wallet(member.id, 1, "500.00", "0.00", "0.00").await;
        let payout = member.client.post("/payouts", payout_body("100.00")).await.expect(201);
        backlog.push(testkit::TestService::envelope(f.now(), &f.hold(&payout, n % 2 == 0)));
        for version in [4, 2, 3] {
            let wallet = proto_events::wallet::v1::WalletChanged {
                user_id: member.id.into(),
                version,
                available_paise: 10_000 * i64::try_from(version).unwrap(),
                held_paise: 10_000,
                ..Default::default()
            };
            backlog.push(testkit::TestService::envelope(f.now(), &wallet));
        }
        members.push((member, payout["id"].as_str().unwrap().to_owned()));
    }
    let statements = testkit::Statements::record(&f.service);
    f.deliver_all(backlog).await;
    for (table, limit) in [("`members`", 10), ("UPDATE `payouts`", 0), ("INSERT INTO `payouts`", 10)] {
        let count = statements.containing(&[table]).len();
        assert!(count <= limit, "{table}: {count}");
    }
    for (n, (member, id)) in members.iter().enumerate() {
        assert_eq!(f.status(id).await, if n % 2 == 0 { "pending" } else { "rejected" });
        // The newest version counts, whatever the order of delivery.
        member.client.post("/payouts/quote", payout_body("400.00")).await.expect(200);
    }
    f.service.finish().await;
}
