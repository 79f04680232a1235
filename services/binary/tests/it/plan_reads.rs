//! Reads of plan versions for staff.

use crate::fixture::start;
use domain::{Role, Timestamp, UserId};
use serde_json::{Value, json};
use testkit::TestService;

/// Publishes a version that takes effect after `hours`.
async fn publish(s: &TestService, by: UserId, hours: i64) -> Value {
    let body = json!({ "effective_from": s.now().plus_hours(hours), "preset": "fixed" });
    s.as_role(by, Role::Admin).post("/plan/versions", body).await.expect(201)
}

#[tokio::test]
async fn a_version_has_its_publication_and_its_state() {
    let s = start().await;
    let (first, second): (UserId, UserId) = (runtime::id::fresh(), runtime::id::fresh());
    let before = s.now();
    let made = publish(&s, first, 25).await;
    let published_at: Timestamp = made["published_at"].as_str().unwrap().parse().unwrap();
    assert!(before < published_at && published_at < s.now());
    assert_eq!((&made["version"], &made["state"]), (&json!(2), &json!("scheduled")));
    assert_eq!(made["published_by"], json!(first));
    s.clock.advance_secs(60);
    publish(&s, second, 48).await;
    let list = async || s.as_staff().get("/plan/versions").await.expect(200)["items"].clone();
    let states = async || list().await.as_array().unwrap().iter().map(|v| v["state"].clone()).collect::<Vec<_>>();
    assert_eq!(states().await, ["scheduled", "scheduled", "in_force"]);
    s.clock.set(before.plus_hours(26));
    assert_eq!(states().await, ["scheduled", "in_force", "past"]);
    s.clock.advance_secs(60 * 24 * 3_600);
    assert_eq!(states().await, ["in_force", "past", "past"]);
    let versions = list().await;
    let published_by = [&versions[0]["published_by"], &versions[1]["published_by"], &versions[2]["published_by"]];
    assert_eq!(published_by, [&json!(second), &json!(first), &Value::Null]);
    assert_eq!((&versions[1]["published_at"], &versions[2]["published_at"]), (&json!(published_at), &Value::Null));
    assert_eq!(
        (&versions[1]["plan"]["name"], &versions[1]["effective_from"]),
        (&json!("fixed"), &made["effective_from"])
    );
    // The last page ends at version 1.
    for (limit, pages) in [(1, 3), (2, 2), (3, 1), (4, 1)] {
        let (mut cursor, mut found, mut read) = (String::new(), 0, 0);
        loop {
            let page = s.as_staff().get(&format!("/plan/versions?limit={limit}&cursor={cursor}")).await.expect(200);
            (found, read) = (found + page["items"].as_array().unwrap().len(), read + 1);
            let Some(next) = page["next_cursor"].as_str() else { break };
            next.clone_into(&mut cursor);
        }
        assert_eq!((found, read), (3, pages), "{limit}");
    }
    let oldest_first = s.as_staff().get("/plan/versions?order=asc&limit=500").await.expect(200);
    assert!(oldest_first["items"].as_array().unwrap().iter().eq(versions.as_array().unwrap().iter().rev()));
    s.finish().await;
}

#[tokio::test]
async fn the_queue_count_is_that_of_the_versions_that_wait() {
    let s = start().await;
    let count = async || s.as_staff().get("/plan/queue-counts").await.expect(200)["items"].clone();
    let queue = "plans.scheduled";
    let item = |count: u32, oldest_at: Value| {
        let is_capped = false;
        json!([{ "queue": queue, "count": count, "is_capped": is_capped, "oldest_at": oldest_at }])
    };
    assert_eq!(count().await, item(0, Value::Null));
    let start = s.now();
    let first = publish(&s, runtime::id::fresh(), 25).await["published_at"].clone();
    assert_eq!(count().await, item(1, first.clone()));
    s.clock.advance_secs(60);
    let second = publish(&s, runtime::id::fresh(), 48).await["published_at"].clone();
    assert_eq!(count().await, item(2, first));
    s.clock.set(start.plus_hours(26));
    assert_eq!(count().await, item(1, second));
    s.clock.set(start.plus_hours(49));
    assert_eq!(count().await, item(0, Value::Null));
    s.finish().await;
}

#[tokio::test]
async fn limits_and_queue_counts_are_for_staff() {
    let s = TestService::start_with(binary::service(), &[("PLAN_NOTICE_HOURS", "5")]).await;
    for path in ["/plan/limits", "/plan/queue-counts"] {
        assert_eq!(s.anonymous().get(path).await.status, 401);
        assert_eq!(s.as_user(runtime::id::fresh()).get(path).await.status, 403);
        s.as_admin().get(path).await.expect(200);
    }
    let limits = s.as_staff().get("/plan/limits").await.expect(200);
    assert_eq!(limits["notice_hours"], json!({ "minimum": 5, "maximum": 17_568 }));
    assert_eq!(limits["pairs"]["gross"], json!({ "minimum": "0.00", "maximum": "10000000.00" }));
    assert_eq!(limits["payout"]["minimum"], json!({ "minimum": "0.01", "maximum": "10000000.00" }));
    assert_eq!(limits["pairs"]["emi_rate"], json!({ "minimum": "0", "maximum": "100" }));
    // The clock of the test advances by a microsecond at each reading.
    let at = |hours, secs| s.now().plus_hours(hours).plus_secs(secs);
    let publish_at = async |from: Timestamp| {
        s.as_admin().post("/plan/versions", json!({ "effective_from": from, "preset": "fixed" })).await
    };
    assert_eq!(publish_at(at(5, 0)).await.problem(422), "binary.plan_notice_too_short");
    assert_eq!(publish_at(at(17_568, 1)).await.problem(422), "binary.plan_too_far_ahead");
    assert_eq!(publish_at(at(5, 1)).await.status, 201);
    assert_eq!(publish_at(at(17_568, 0)).await.status, 201);
    s.finish().await;
}
