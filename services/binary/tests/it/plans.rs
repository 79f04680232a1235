//! Plan versions.

use crate::fixture::{counts_and_pairs, join, pay, refund, start, start_day, user};
use domain::Plan;
use proto_events::auth::v1::{User, UserUpdated};
use proto_events::binary::v1::{PairsMatched, PlacementMade, PlanPublished};
use serde_json::json;

#[tokio::test]
async fn a_version_takes_effect_at_its_time_and_is_published_as_an_event() {
    let s = start().await;
    let current = s.as_user(runtime::id::fresh()).get("/plan").await.expect(200);
    assert_eq!((current["version"].as_u64(), current["plan"]["name"].as_str()), (Some(1), Some("seed")));
    let mut plan = serde_json::to_value(Plan::seed()).unwrap();
    plan["pairs"]["limit"] = json!(1);
    plan["pairs"]["over_limit"] = json!("flush");
    let from = s.now().plus_hours(25);
    let made = s.as_admin().post("/plan/versions", json!({"effective_from": from, "plan": plan})).await.expect(201);
    assert_eq!(made["version"], 2);
    let published = s.published::<PlanPublished>().await;
    assert_eq!((published.len(), published[0].version, published[0].effective_from), (1, 2, from.micros()));
    assert_eq!(serde_json::from_str::<Plan>(&published[0].plan_json).unwrap().pairs.limit, 1);
    let (a, _) = join(&s, "A", None).await;
    for n in 0..4 {
        join(&s, &format!("L{n}"), Some(a)).await;
    }
    s.clock.set(from);
    assert_eq!(s.as_staff().get("/plan").await.expect(200)["version"], 2);
    for n in 0..2 {
        join(&s, &format!("R{n}"), Some(a)).await;
    }
    // One pair under version 1; the month's only slot of version 2 is that one, so the next are flushed.
    assert_eq!(counts_and_pairs(&s, a).await, (3, 3, 1));
    let list = s.as_user(a).get("/binary/pairs").await.expect(200);
    let newest = &list["items"][0];
    assert_eq!((newest["status"].as_str(), newest["gross"].as_str()), (Some("flushed"), Some("0.00")));
    assert_eq!(
        (newest["number"].as_u64(), newest["slot"].as_u64(), newest["plan_version"].as_u64()),
        (Some(3), None, Some(2))
    );
    // The event shows the forgone pay: version 2 pays as much for a pair as version 1 does.
    let pairs = s.published::<PlacementMade>().await.into_iter().flat_map(|p| p.pairs);
    let pairs_in_events: Vec<_> = pairs.map(|p| (p.status, p.gross_paise, p.forgone_paise)).collect();
    assert_eq!(pairs_in_events.iter().filter(|t| **t == ("flushed".to_owned(), 0, 50_000)).count(), 2);
    assert_eq!(
        pairs_in_events.iter().filter(|t| **t == ("matched".to_owned(), 50_000, 0)).count(),
        pairs_in_events.len() - 2
    );
    start_day(&s, "2026-12-01").await;
    assert_eq!(counts_and_pairs(&s, a).await.2, 1);
    let versions = s.as_staff().get("/plan/versions?limit=1").await.expect(200);
    assert_eq!(versions["items"][0]["version"], 2);
    let rest = s.as_staff().get(&format!("/plan/versions?cursor={}", versions["next_cursor"].as_str().unwrap())).await;
    assert_eq!(rest.expect(200)["items"][0]["version"], 1);
    s.finish().await;
}

/// Active Buyer is decided at each payment and refund of the member, and does not change in between.
#[tokio::test]
async fn a_new_threshold_applies_to_a_member_from_their_next_payment_on() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    pay(&s, a, 1_500).await;
    let mut plan = Plan::seed();
    plan.active_buyer_from = domain::Money::from_rupees(1_000);
    let from = s.now().plus_hours(25);
    s.as_admin().post("/plan/versions", json!({ "effective_from": from, "plan": plan })).await.expect(201);
    s.clock.set(from);
    let is_active = async || s.as_user(a).get("/binary/tree").await.expect(200)["is_active_buyer"].clone();
    join(&s, "L", Some(a)).await;
    join(&s, "R", Some(a)).await;
    let newest = s.as_user(a).get("/binary/pairs").await.expect(200)["items"][0].clone();
    assert_eq!((newest["plan_version"].clone(), newest["earner_active_buyer"].clone()), (json!(2), json!(false)));
    assert_eq!(is_active().await, json!(false));
    let small = pay(&s, a, 1).await;
    assert_eq!(is_active().await, json!(true));
    refund(&s, &small).await;
    assert_eq!(is_active().await, json!(true));
    s.finish().await;
}

/// An earner without the required label has a backlog, which is matched when the label is granted.
#[tokio::test]
async fn granting_the_label_that_a_plan_requires_matches_the_backlog() {
    let s = start().await;
    let mut plan = Plan::seed();
    plan.pairs.require_distributor = true;
    let from = s.now().plus_hours(25);
    s.as_admin().post("/plan/versions", json!({ "effective_from": from, "plan": plan })).await.expect(201);
    s.clock.set(from);
    let (a, _) = join(&s, "A", None).await;
    for n in 0..6 {
        join(&s, &format!("M{n}"), Some(a)).await;
    }
    assert_eq!(counts_and_pairs(&s, a).await, (3, 3, 0));
    let labelled = User { version: 2, is_distributor: true, ..user(a, "A", None) };
    s.deliver_now(&UserUpdated { user: Some(labelled) }).await;
    assert_eq!(counts_and_pairs(&s, a).await, (3, 3, 3));
    assert_eq!(s.published::<PairsMatched>().await[0].cause, "labelled");
    s.finish().await;
}

#[tokio::test]
async fn a_plan_with_too_short_notice_or_invalid_rules_is_refused() {
    let s = start().await;
    let soon = s.now().plus_hours(23);
    let later = s.now().plus_hours(48);
    let mut broken = serde_json::to_value(Plan::seed()).unwrap();
    broken["pairs"]["gross"] = json!("-1.00");
    let mut misspelt = serde_json::to_value(Plan::seed()).unwrap();
    misspelt["pairs"]["limmit"] = json!(3);
    let cases = [
        (json!({"effective_from": soon, "preset": "fixed"}), 422, "binary.plan_notice_too_short"),
        (json!({"effective_from": later, "preset": "other"}), 422, "binary.plan_invalid"),
        (json!({"effective_from": later}), 422, "binary.plan_invalid"),
        (json!({"effective_from": later, "plan": broken}), 422, "binary.plan_invalid"),
        (json!({"effective_from": later, "plan": misspelt}), 422, "request.unknown_field"),
    ];
    for (body, status, code) in cases {
        assert_eq!(s.as_admin().post("/plan/versions", body.clone()).await.problem(status), code, "{body}");
    }
    s.as_admin().post("/plan/versions", json!({"effective_from": later, "preset": "fixed"})).await.expect(201);
    let earlier = s.as_admin().post("/plan/versions", json!({"effective_from": later, "preset": "seed"})).await;
    assert_eq!(earlier.problem(422), "binary.plan_invalid");
    assert_eq!(s.as_staff().post("/plan/versions", json!({})).await.status, 403);
    assert_eq!(s.published::<PlanPublished>().await.len(), 1);
    s.finish().await;
}

#[tokio::test]
async fn a_rate_out_of_range_is_an_invalid_plan_and_a_malformed_rate_is_a_wrong_type() {
    let s = start().await;
    let later = s.now().plus_hours(48);
    for (field, rate, status) in [
        ("/pairs/emi_rate", json!("120"), 422),
        ("/pairs/emi_rate", json!("-1"), 422),
        ("/pairs/reserve_rate", json!("0.00001"), 422),
        ("/referral/rate", json!("100.01"), 422),
        ("/pairs/emi_rate", json!("many"), 400),
        ("/pairs/emi_rate", json!("+5"), 400),
        ("/pairs/reserve_rate", json!(5), 400),
        ("/referral/rate", json!("5."), 400),
    ] {
        let mut plan = serde_json::to_value(Plan::seed()).unwrap();
        *plan.pointer_mut(field).unwrap() = rate.clone();
        for (path, body) in [
            ("/plan/versions", json!({"effective_from": later, "plan": plan})),
            ("/plan/simulate", json!({ "plan": plan })),
        ] {
            let answer = s.as_admin().post(path, body).await;
            assert_eq!(answer.body["errors"][0]["field"], format!("plan{}", field.replace('/', ".")), "{rate}");
            let code = if status == 422 { "binary.plan_invalid" } else { "request.wrong_type" };
            assert_eq!(answer.problem(status), code, "{path} {field} {rate}");
        }
    }
    s.finish().await;
}
