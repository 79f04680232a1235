//! Withdrawal of plan versions.

use crate::fixture::{counts_and_pairs, digest, join, start};
use binary::app::tree_store::TreeStore;
use domain::{Role, Timestamp, UserId};
use proto_events::binary::v1::{PlanPublished, PlanWithdrawn};
use proto_events::platform::v1::StaffActed;
use serde_json::{Value, json};
use testkit::TestService;

/// Publishes a version that flushes every pair.
async fn publish(s: &TestService, from: Timestamp) -> Value {
    let mut plan = domain::Plan::seed();
    plan.pairs.limit = 0;
    plan.pairs.over_limit = domain::plan::OverLimit::Flush;
    s.as_admin().post("/plan/versions", json!({ "effective_from": from, "plan": plan })).await.expect(201)
}

async fn version_in_force(s: &TestService) -> Value {
    s.as_staff().get("/plan").await.expect(200)["version"].clone()
}

#[tokio::test]
async fn a_withdrawn_version_never_takes_effect_and_is_announced_once() {
    let s = start().await;
    let (admin, from): (UserId, _) = (runtime::id::fresh(), s.now().plus_hours(25));
    publish(&s, from).await;
    for _ in 0..2 {
        assert_eq!(s.as_role(admin, Role::Admin).delete("/plan/versions/2").await.status, 204);
    }
    let withdrawn = s.published::<PlanWithdrawn>().await;
    assert_eq!((withdrawn.len(), withdrawn[0].version), (1, 2));
    assert_eq!(UserId::try_from(withdrawn[0].withdrawn_by.as_slice()).unwrap(), admin);
    let actions: Vec<_> = s.published::<StaffActed>().await.into_iter().map(|a| (a.action, a.subject_id)).collect();
    assert_eq!(actions, [("plan.publish".into(), "2".into()), ("plan.withdraw".into(), "2".to_owned())]);
    let newest = s.as_staff().get("/plan/versions").await.expect(200)["items"][0].clone();
    assert_eq!((&newest["version"], &newest["state"]), (&json!(2), &json!("withdrawn")));
    assert_eq!(newest["withdrawn_by"], json!(admin));
    let at: Timestamp = newest["withdrawn_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(at.micros(), withdrawn[0].withdrawn_at);
    let waiting = s.as_staff().get("/plan/queue-counts").await.expect(200);
    assert_eq!(waiting["items"][0]["count"], 0);

    s.clock.set(from.plus_secs(1));
    assert_eq!(version_in_force(&s).await, 1);
    let (a, _) = join(&s, "A", None).await;
    for name in ["L", "R"] {
        join(&s, name, Some(a)).await;
    }
    assert_eq!(counts_and_pairs(&s, a).await, (1, 1, 1));
    assert_eq!(s.as_staff().get("/binary/verify").await.expect(200)["ok"], true);
    // Another process reads the withdrawal from the journal.
    let mut c = s.ctx().db().read().await.unwrap();
    let other = TreeStore::default();
    let follower = other.read(&mut c).await.unwrap();
    assert_eq!(follower.tree.plans().in_force(s.now()).unwrap().version, 1);
    assert_eq!(format!("{:016x}", follower.tree.digest()), digest(&s).await["digest"].as_str().unwrap());
    drop((follower, c));
    s.finish().await;
}

#[tokio::test]
async fn the_number_of_a_withdrawn_version_is_not_used_again_and_the_next_may_begin_earlier() {
    let s = start().await;
    let now = s.now();
    publish(&s, now.plus_hours(24 * 365)).await;
    let earlier = json!({ "effective_from": now.plus_hours(30), "preset": "fixed" });
    assert_eq!(s.as_admin().post("/plan/versions", earlier.clone()).await.problem(422), "binary.plan_invalid");
    s.as_admin().delete("/plan/versions/2").await.expect(204);
    assert_eq!(s.as_admin().post("/plan/versions", earlier).await.expect(201)["version"], 3);
    let numbers: Vec<_> = s.published::<PlanPublished>().await.iter().map(|p| p.version).collect();
    assert_eq!(numbers, [2, 3]);
    s.clock.set(now.plus_hours(30));
    assert_eq!(version_in_force(&s).await, 3);
    s.clock.set(now.plus_hours(24 * 365));
    assert_eq!(version_in_force(&s).await, 3);
    // The repetition of a request succeeds, whenever it comes.
    s.as_admin().delete("/plan/versions/2").await.expect(204);
    let states = s.as_staff().get("/plan/versions").await.expect(200);
    let states: Vec<_> = states["items"].as_array().unwrap().iter().map(|v| v["state"].clone()).collect();
    assert_eq!(states, ["in_force", "withdrawn", "past"]);
    s.finish().await;
}

#[tokio::test]
async fn a_version_that_has_begun_or_is_about_to_is_not_withdrawn() {
    let s = start().await;
    let from = s.now().plus_hours(25);
    publish(&s, from).await;
    let withdraw = async |version: &str| s.as_admin().delete(&format!("/plan/versions/{version}")).await;
    assert_eq!(withdraw("1").await.problem(409), "binary.plan_already_effective");
    for unknown in ["3", "0", "-1", "two", "4294967296"] {
        assert_eq!(withdraw(unknown).await.problem(404), "request.not_found", "{unknown}");
    }
    for (client, status) in [(s.anonymous(), 401), (s.as_user(runtime::id::fresh()), 403), (s.as_staff(), 403)] {
        assert_eq!(client.delete("/plan/versions/2").await.status, status);
    }
    for before_secs in [600, 1, 0, -3_600] {
        s.clock.set(from.plus_secs(-before_secs));
        assert_eq!(withdraw("2").await.problem(409), "binary.plan_already_effective", "{before_secs}");
    }
    assert_eq!(version_in_force(&s).await, 2);
    assert!(s.published::<PlanWithdrawn>().await.is_empty());
    s.clock.set(from.plus_secs(-602));
    withdraw("2").await.expect(204);
    s.finish().await;
}

/// The tree's time may be ahead of the clock that decides, and never runs backwards.
#[tokio::test]
async fn a_version_that_the_tree_has_reached_is_not_withdrawn() {
    let s = start().await;
    let from = s.now().plus_hours(25);
    publish(&s, from).await;
    s.clock.set(from);
    join(&s, "A", None).await;
    s.clock.set(from.plus_secs(-3_600));
    assert_eq!(s.as_admin().delete("/plan/versions/2").await.problem(409), "binary.plan_already_effective");
    s.finish().await;
}
