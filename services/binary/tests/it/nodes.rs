//! Places: names, ancestors, unmatched members and the pair limit.

use crate::fixture::{join, me, pay, refund, register, start, start_day, user};
use domain::{Plan, UserId};
use proto_events::auth::v1::UserUpdated;
use serde_json::{Value, json};
use testkit::TestService;

async fn node(s: &TestService, viewer: UserId, of: UserId) -> Value {
    s.as_user(viewer).get(&format!("/binary/nodes/{of}")).await.expect(200)
}

/// Publishes a plan that takes effect in 25 hours, and moves the clock there.
async fn publish(s: &TestService, change: impl FnOnce(&mut Plan)) {
    let mut plan = Plan::seed();
    change(&mut plan);
    let from = s.now().plus_hours(25);
    s.as_admin().post("/plan/versions", json!({ "effective_from": from, "plan": plan })).await.expect(201);
    s.clock.set(from);
}

#[tokio::test]
async fn a_place_has_the_name_and_the_ancestors_that_the_viewer_may_see() {
    let s = start().await;
    let (a, _) = join(&s, "Asha Patel", None).await;
    let (b, _) = join(&s, "Bina", Some(a)).await;
    let (c, _) = join(&s, "Chetan", Some(b)).await;
    let own = me(&s, a).await;
    assert_eq!(
        (own["name"].as_str(), &own["ancestors"], &own["is_active_buyer"]),
        (Some("Asha Patel"), &json!([]), &json!(false))
    );
    assert_eq!(me(&s, c).await["ancestors"], json!([]));
    for (viewer, of, ancestors) in [(a, b, json!([a])), (a, c, json!([a, b])), (b, c, json!([b]))] {
        assert_eq!(node(&s, viewer, of).await["ancestors"], ancestors);
    }
    let of_staff = async |of: UserId| s.as_staff().get(&format!("/binary/nodes/{of}")).await.expect(200);
    assert_eq!(
        (of_staff(c).await["ancestors"].clone(), of_staff(a).await["ancestors"].clone()),
        (json!([a, b]), json!([]))
    );
    // Staff who are placed see the ancestors of their own place too.
    let placed_staff = s.as_role(c, domain::Role::Staff).get("/binary/me").await.expect(200);
    assert_eq!(placed_staff["ancestors"], json!([a, b]));
    pay(&s, a, 5_000).await;
    let mut renamed = user(a, "Asha P.", None);
    renamed.version = 2;
    s.deliver_now(&UserUpdated { user: Some(renamed) }).await;
    let own = me(&s, a).await;
    assert_eq!((own["name"].as_str(), own["is_active_buyer"].as_bool()), (Some("Asha P."), Some(true)));
    let d = register(&s, "Divya", Some(c)).await;
    let body = json!({ "user_id": d, "parent_user_id": c, "side": "left" });
    let placed = s.as_admin().post("/binary/placements", body).await.expect(201);
    assert_eq!((placed["name"].as_str(), &placed["ancestors"]), (Some("Divya"), &json!([a, b, c])));
    s.finish().await;
}

#[tokio::test]
async fn unmatched_members_do_not_include_those_of_flushed_pairs() {
    let s = start().await;
    publish(&s, |plan| (plan.pairs.limit, plan.pairs.over_limit) = (1, domain::plan::OverLimit::Flush)).await;
    let (a, _) = join(&s, "A", None).await;
    let unmatched = async || {
        let own = me(&s, a).await;
        (own["unmatched_left"].as_u64().unwrap(), own["unmatched_right"].as_u64().unwrap())
    };
    let mut last = None;
    // B and C, then D and E left of A, then F and G right of it.
    for (name, expected) in [("B", (1, 0)), ("C", (0, 0)), ("D", (1, 0)), ("E", (2, 0)), ("F", (1, 0)), ("G", (0, 0))] {
        last = Some(join(&s, name, Some(a)).await.1);
        assert_eq!(unmatched().await, expected, "{name}");
    }
    let own = me(&s, a).await;
    assert_eq!((own["pairs_total"].as_u64(), own["left_count"].as_u64()), (Some(1), Some(3)));
    assert_eq!(own["limit"], json!({ "used": 1, "of": 1, "per": "month", "resets_at": "2026-11-30T18:30:00Z" }));
    // The voided pair frees its other member.
    refund(&s, &last.unwrap()).await;
    assert_eq!(unmatched().await, (1, 0));
    s.finish().await;
}

#[tokio::test]
async fn the_limit_is_that_of_the_plan_in_force_and_starts_again_with_its_period() {
    let s = start().await;
    let (a, _) = join(&s, "A", None).await;
    let limit = async || me(&s, a).await["limit"].clone();
    let month = |used: u32, resets_at: &str| json!({ "used": used, "of": 10, "per": "month", "resets_at": resets_at });
    assert_eq!(limit().await, month(0, "2026-11-30T18:30:00Z"));
    join(&s, "B", Some(a)).await;
    let (_, paid) = join(&s, "C", Some(a)).await;
    assert_eq!(limit().await, month(1, "2026-11-30T18:30:00Z"));
    // The slot of a voided pair stays used.
    refund(&s, &paid).await;
    assert_eq!(limit().await, month(1, "2026-11-30T18:30:00Z"));
    publish(&s, |plan| (plan.pairs.limit, plan.pairs.limit_per) = (3, domain::plan::LimitPer::Day)).await;
    let day = |used: u32, resets_at: &str| json!({ "used": used, "of": 3, "per": "day", "resets_at": resets_at });
    assert_eq!(limit().await, day(0, "2026-11-11T18:30:00Z"));
    join(&s, "D", Some(a)).await;
    join(&s, "E", Some(a)).await;
    join(&s, "F", Some(a)).await;
    assert_eq!(limit().await, day(1, "2026-11-11T18:30:00Z"));
    s.clock.set("2026-11-11T18:29:59Z".parse().unwrap());
    assert_eq!(limit().await, day(1, "2026-11-11T18:30:00Z"));
    // The beginning of the next day, before anything has happened on it.
    s.clock.set("2026-11-11T18:30:00Z".parse().unwrap());
    assert_eq!(limit().await, day(0, "2026-11-12T18:30:00Z"));
    start_day(&s, "2026-11-12").await;
    assert_eq!(limit().await, day(0, "2026-11-12T18:30:00Z"));
    s.finish().await;
}
