//! Lists, counts and histories for staff.

use crate::bank::answer;
use crate::fixture::{Fixture, fixture, fixture_with, payout_body};
use domain::{Role, Timestamp, UserId};
use payout::store::payouts;
use runtime::id;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::Client;

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn listed(client: &Client, query: &str) -> Vec<String> {
    ids(&client.get(&format!("/payouts?{query}")).await.expect(200))
}

async fn counts(f: &Fixture) -> Vec<Value> {
    let found = f.as_staff().get("/payouts/queue-counts").await.expect(200);
    whole_seconds(found)["items"].as_array().unwrap().clone()
}

/// Cuts the times in `value` to seconds: the clock of a test moves by a microsecond at each reading.
fn whole_seconds(value: Value) -> Value {
    match value {
        Value::String(text) if text.parse::<Timestamp>().is_ok() => json!(text[..19]),
        Value::Array(items) => items.into_iter().map(whole_seconds).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, whole_seconds(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn queue(queue: &str, count: u16, oldest_at: Option<Timestamp>) -> Value {
    whole_seconds(json!({ "queue": queue, "count": count, "is_capped": false, "oldest_at": oldest_at }))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queues_count_the_payouts_that_wait() {
    let f = fixture().await;
    let payouts = ["pending", "needs_second", "approved", "processing"].map(|q| format!("payouts.{q}"));
    let transfers = ["refused", "conflicting", "low_balance"].map(|q| format!("transfers.{q}"));
    let empty: Vec<Value> = payouts.iter().chain(&transfers).map(|q| queue(q, 0, None)).collect();
    assert_eq!(counts(&f).await, empty);
    let member = f.member("500000.00").await;
    let start = f.now();
    let large = f.pending(&member, payout_body("50000.00")).await;
    f.clock.set(start.plus_secs(1));
    let larger = f.pending(&member, payout_body("50000.01")).await;
    f.clock.set(start.plus_secs(2));
    let sent = f.approved(&member, payout_body("200.00")).await;
    let batch = f.as_staff().post_empty("/payout-batches").await.expect(201);
    f.clock.set(start.plus_secs(3));
    let approved = f.approved(&member, payout_body("300.00")).await;
    f.as_staff().post_empty(&format!("/payouts/{larger}/approve")).await.expect(200);
    assert_eq!(
        counts(&f).await,
        [
            queue("payouts.pending", 2, Some(start)),
            queue("payouts.needs_second", 1, Some(start.plus_secs(1))),
            queue("payouts.approved", 1, Some(start.plus_secs(3))),
            queue("payouts.processing", 1, Some(start.plus_secs(2))),
            queue("transfers.refused", 0, None),
            queue("transfers.conflicting", 0, None),
            queue("transfers.low_balance", 0, None),
        ]
    );
    let staff = f.as_staff();
    assert_eq!(listed(&staff, "needs_second=true").await, [larger.as_str()]);
    assert_eq!(listed(&staff, "needs_second=true&status=approved").await, [""; 0]);
    assert_eq!(listed(&staff, "needs_second=true&status=approved,pending").await, [larger.as_str()]);
    assert_eq!(listed(&staff, &format!("needs_second=true&user_id={}", member.id)).await, [larger.as_str()]);
    assert_eq!(listed(&staff, "needs_second=false&status=pending").await, [larger.as_str(), large.as_str()]);
    let batch_id = batch["id"].as_str().unwrap();
    assert_eq!(listed(&staff, &format!("batch_id={batch_id}")).await, [sent.as_str()]);
    assert_eq!(listed(&staff, &format!("batch_id={batch_id}&status=approved")).await, [""; 0]);
    f.as_admin().post_empty(&format!("/payouts/{larger}/approve")).await.expect(200);
    let csv = format!("payout_id,outcome,utr,reason\n{sent},paid,U1,\n");
    answer(&f.as_staff(), batch_id, &csv).await.expect(200);
    let left: Vec<Value> = counts(&f).await.into_iter().map(|queue| queue["count"].clone()).collect();
    assert_eq!(left, [1, 0, 2, 0, 0, 0, 0]);
    assert_eq!(listed(&f.as_staff(), "status=approved").await, [approved.as_str(), larger.as_str()]);
    member.client.get("/payouts/queue-counts").await.problem(403);
    f.anonymous().get("/payouts/queue-counts").await.problem(401);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_more_than_a_thousand_is_capped() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let first = f.pending(&member, payout_body("100.00")).await;
    let mut c = f.ctx().db().write().await.unwrap();
    let row = payouts::find(&mut c, first.parse().unwrap()).await.unwrap().unwrap();
    for n in 1..1_000 {
        let other = payouts::Payout { id: id::fresh(), requested_at: row.requested_at.plus_secs(n), ..row.clone() };
        payouts::insert(&mut c, &other).await.unwrap();
    }
    drop(c);
    assert_eq!(counts(&f).await[0], queue("payouts.pending", 1_000, Some(row.requested_at)));
    let other = payouts::Payout { id: id::fresh(), ..row.clone() };
    payouts::insert(&mut f.ctx().db().write().await.unwrap(), &other).await.unwrap();
    let capped = counts(&f).await[0].clone();
    assert_eq!((&capped["count"], &capped["is_capped"]), (&json!(1_000), &json!(true)));
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_filter_payouts_by_status_amount_and_time() {
    filters(&fixture().await).await;
}

/// Payouts at five times, filtered in many ways.
pub(crate) async fn filters(f: &Fixture) {
    let member = f.member("5000.00").await;
    let (mut made, mut times) = (Vec::new(), Vec::new());
    for (at, amount) in [
        ("2026-11-29T18:29:59Z", "100.00"),
        ("2026-11-29T18:30:00Z", "199.99"),
        ("2026-11-30T18:29:58Z", "200.00"),
        ("2026-11-30T18:29:59Z", "200.01"),
        ("2026-11-30T18:30:00Z", "150.00"),
    ] {
        f.clock.set(at.parse().unwrap());
        // A client's token is issued at the clock's time.
        let client = f.as_user(member.id);
        let payout = client.post("/payouts", payout_body(amount)).await.expect(201);
        made.push(payout["id"].as_str().unwrap().to_owned());
        times.push(payout["created_at"].as_str().unwrap().to_owned());
        if made.len() != 5 {
            f.deliver_now(&f.hold(&payout, made.len() != 4)).await;
        }
    }
    let staff = f.as_staff();
    staff.post_empty(&format!("/payouts/{}/approve", made[0])).await.expect(200);
    // Approved, pending, pending, rejected, requested.
    let newest_first = |picked: &[usize]| picked.iter().rev().map(|n| made[*n].clone()).collect::<Vec<_>>();
    // Both ends are inclusive.
    let between = format!("from={}&to={}", times[1], times[3]);
    let after = format!("from={}", times[3].parse::<Timestamp>().unwrap().plus_secs(1));
    for (query, picked) in [
        ("status=pending", &[1, 2][..]),
        ("status=requested,pending", &[1, 2, 4]),
        ("status=pending%2Crequested,pending", &[1, 2, 4]),
        ("status=rejected,approved", &[0, 3]),
        ("status=completed,failed", &[]),
        ("min_amount=200.00", &[2, 3]),
        ("min_amount=200.01", &[3]),
        ("min_amount=199.99&status=pending", &[1, 2]),
        ("min_amount=200.02", &[]),
        ("from=2026-11-30&to=2026-11-30", &[1, 2, 3]),
        ("from=2026-12-01", &[4]),
        ("to=2026-11-29", &[0]),
        (&between, &[1, 2, 3]),
        (&after, &[4]),
        ("from=2026-11-30&status=pending,requested&min_amount=150.00", &[1, 2, 4]),
        ("from=2030-01-01", &[]),
        ("", &[0, 1, 2, 3, 4]),
    ] {
        assert_eq!(listed(&staff, query).await, newest_first(picked), "{query}");
        let of_member = format!("user_id={}&{query}", member.id);
        assert_eq!(listed(&staff, &of_member).await, newest_first(picked), "{of_member}");
        assert_eq!(listed(&f.as_user(member.id), query).await, newest_first(picked), "{query}");
        let other: UserId = id::fresh();
        assert_eq!(listed(&f.as_user(other), &of_member).await, [""; 0], "{of_member}");
    }
    for bad in ["status=x", "status=pending,", "min_amount=1", "needs_second=maybe", "batch_id=x"] {
        assert_eq!(staff.get(&format!("/payouts?{bad}")).await.problem(422), "request.bad_query", "{bad}");
    }
    for bad in ["from=yesterday", "from=2026-12-01&to=2026-11-30", "to=2026-02-30"] {
        assert_eq!(staff.get(&format!("/payouts?{bad}")).await.problem(422), "payout.bad_filter", "{bad}");
    }
}

/// Ids of all payouts that a client gets by following `next_cursor`.
async fn all_pages(client: &Client, query: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/payouts?{query}&cursor={cursor}")).await.expect(200);
        seen.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else { return seen };
        next.clone_into(&mut cursor);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_loses_no_payout_and_repeats_none() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let (mut made, now) = (BTreeSet::new(), f.now());
    for n in 0..6 {
        let payout = member.client.post("/payouts", payout_body("100.00")).await.expect(201);
        made.insert(payout["id"].as_str().unwrap().to_owned());
        if n % 2 == 0 {
            f.deliver_now(&f.hold(&payout, true)).await;
        }
        let mut c = f.ctx().db().write().await.unwrap();
        let row = payouts::find(&mut c, payout["id"].as_str().unwrap().parse().unwrap()).await.unwrap().unwrap();
        payouts::save(&mut c, &payouts::Payout { requested_at: now, ..row }).await.unwrap();
    }
    let staff = f.as_staff();
    for filter in ["status=pending,requested", "from=2026-01-01", "from=2026-01-01&status=pending,requested"] {
        for limit in [1, 5, 6, 500] {
            let newest_first = all_pages(&staff, &format!("{filter}&limit={limit}")).await;
            assert_eq!((newest_first.len(), &newest_first.iter().cloned().collect()), (6, &made), "{filter} {limit}");
            let oldest_first = all_pages(&staff, &format!("{filter}&limit={limit}&order=asc")).await;
            assert!(oldest_first.iter().eq(newest_first.iter().rev()), "{filter} {limit}: {oldest_first:?}");
        }
    }
    let by_id = staff.get("/payouts?limit=1").await.expect(200);
    let other_list = format!("/payouts?from=2026-01-01&cursor={}", by_id["next_cursor"].as_str().unwrap());
    assert_eq!(staff.get(&other_list).await.problem(422), "request.bad_cursor");
    // Longer pages are for staff only.
    member.client.get("/payouts?limit=100&order=asc").await.expect(200);
    assert_eq!(member.client.get("/payouts?limit=101").await.problem(422), "request.bad_limit");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_has_its_approvers_and_the_history_of_its_states() {
    let f = fixture().await;
    let member = f.member("60000.00").await;
    let (one, two): (UserId, UserId) = (id::fresh(), id::fresh());
    let start = f.now();
    let at = |n: i64| start.plus_secs(n);
    let payout = member.client.post("/payouts", payout_body("50000.00")).await.expect(201);
    assert_eq!((&payout["approvals"], &payout["approved_by"]), (&json!(0), &json!(null)));
    let id = payout["id"].as_str().unwrap();
    let path = format!("/payouts/{id}");
    f.clock.set(at(1));
    f.deliver_now(&f.hold(&payout, true)).await;
    f.clock.set(at(2));
    let first = f.as_role(one, Role::Staff).post_empty(&format!("{path}/approve")).await.expect(200);
    assert_eq!(whole_seconds(first)["approved_by"], whole_seconds(json!([{ "user_id": one, "at": at(2) }])));
    f.clock.set(at(3));
    f.as_role(two, Role::Admin).post_empty(&format!("{path}/approve")).await.expect(200);
    f.clock.set(at(4));
    let batch = f.as_role(one, Role::Staff).post_empty("/payout-batches").await.expect(201);
    f.clock.set(at(5));
    let csv = format!("payout_id,outcome,utr,reason\n{id},paid,U1,\n");
    for _ in 0..2 {
        answer(&f.as_role(two, Role::Staff), batch["id"].as_str().unwrap(), &csv).await.expect(200);
    }
    f.clock.set(at(6));
    let returned = json!({ "reason": "account closed" });
    f.as_role(one, Role::Staff).post(&format!("{path}/return"), returned).await.expect(200);
    let shown = whole_seconds(f.as_staff().get(&path).await.expect(200));
    let approvers = whole_seconds(json!([{ "user_id": one, "at": at(2) }, { "user_id": two, "at": at(3) }]));
    assert_eq!((&shown["approvals"], &shown["approved_by"]), (&json!(2), &approvers));
    let step = |status: &str, n: i64, by: Option<UserId>| json!({ "status": status, "at": at(n), "by": by });
    let history = |member: Option<UserId>, one: Option<UserId>, two: Option<UserId>| {
        whole_seconds(json!([
            step("requested", 0, member),
            step("pending", 1, None),
            step("approved", 3, two),
            step("processing", 4, one),
            step("completed", 5, two),
            step("reversed", 6, one),
        ]))
    };
    assert_eq!(shown["history"], history(Some(member.id), Some(one), Some(two)));
    let own = whole_seconds(f.as_user(member.id).get(&path).await.expect(200));
    assert_eq!((&own["approvals"], &own["approved_by"]), (&json!(2), &json!(null)));
    assert_eq!(own["history"], history(Some(member.id), None, None));
    assert_eq!(f.unknown_member().client.get(&path).await.problem(404), "request.not_found");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_has_a_refused_hold_an_expiry_and_a_payout_without_a_transfer() {
    let f = fixture_with(&[("PAYOUT_EXPIRY_DAYS", "1")]).await;
    let member = f.member("1000.00").await;
    let refused = member.client.post("/payouts", payout_body("100.00")).await.expect(201);
    f.deliver_now(&f.hold(&refused, false)).await;
    f.booking(member.id, &[("2026-12-10", "950.00", "0.00")]).await;
    let whole = f.approved(&member, json!({ "amount": "100.00", "emi_autofill": true })).await;
    let late = f.pending(&member, payout_body("100.00")).await;
    f.clock.set(f.now().plus_hours(25));
    f.run_job("expire").await;
    let staff = f.as_staff();
    for (id, expected) in [
        (refused["id"].as_str().unwrap(), &[("requested", true), ("rejected", false)][..]),
        (&late, &[("requested", true), ("pending", false), ("rejected", false)]),
        (
            &whole,
            &[("requested", true), ("pending", false), ("approved", true), ("processing", true), ("completed", true)],
        ),
    ] {
        let shown = staff.get(&format!("/payouts/{id}")).await.expect(200);
        let steps = shown["history"].as_array().unwrap().iter();
        let found: Vec<(&str, bool)> = steps.map(|s| (s["status"].as_str().unwrap(), !s["by"].is_null())).collect();
        assert_eq!(found, expected);
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_list_batches_and_see_what_the_next_one_would_have() {
    let f = fixture().await;
    let staff = f.as_staff();
    let next = async || staff.get("/payout-batches/next").await.expect(200);
    assert_eq!(next().await, json!({ "payouts": 0, "total": "0.00" }));
    assert_eq!(staff.get("/payout-batches").await.expect(200), json!({ "items": [], "next_cursor": null }));
    let member = f.member("10000.00").await;
    let mut batches = Vec::new();
    for amounts in [&["1000.00", "2000.00"][..], &["500.00"], &["600.00"]] {
        for amount in amounts {
            f.approved(&member, payout_body(amount)).await;
        }
        f.pending(&member, payout_body("100.00")).await;
        let expected = next().await;
        let batch = staff.post_empty("/payout-batches").await.expect(201);
        assert_eq!((&expected["payouts"], &expected["total"]), (&batch["payouts"], &batch["total"]));
        batches.push(batch);
    }
    assert_eq!(next().await, json!({ "payouts": 0, "total": "0.00" }));
    let last = batches[2]["id"].as_str().unwrap();
    let paid = ids(&staff.get(&format!("/payouts?batch_id={last}")).await.expect(200));
    answer(&staff, last, &format!("payout_id,outcome,utr,reason\n{},paid,U1,\n", paid[0])).await.expect(200);
    batches[2]["open"] = json!(0);
    batches.reverse();
    for limit in [2, 3, 4] {
        let page = staff.get(&format!("/payout-batches?limit={limit}")).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap(), &batches[..limit.min(3)]);
        assert_eq!(page["next_cursor"].is_null(), limit >= 3);
        if let Some(cursor) = page["next_cursor"].as_str() {
            let rest = staff.get(&format!("/payout-batches?limit={limit}&cursor={cursor}")).await.expect(200);
            assert_eq!((&rest["items"][0], &rest["next_cursor"]), (&batches[2], &json!(null)));
        }
    }
    let oldest_first = staff.get("/payout-batches?order=asc&limit=500").await.expect(200);
    assert!(oldest_first["items"].as_array().unwrap().iter().eq(batches.iter().rev()));
    for path in ["/payout-batches", "/payout-batches/next"] {
        member.client.get(path).await.problem(403);
        f.anonymous().get(path).await.problem(401);
    }
    f.service.finish().await;
}
