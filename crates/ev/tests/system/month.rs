//! The monthly pair limit across a month change in India.

use crate::platform::TestPlatform;
use messaging::memory::MemoryBus;
use serde_json::json;
use std::sync::Arc;
use testkit::FakeClock;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_eleventh_pair_of_a_month_is_paid_on_the_first_of_the_next() {
    // 31 October, 19:00 in India.
    let clock = Arc::new(FakeClock::at("2026-10-31T13:30:00Z".parse().unwrap()));
    let platform = TestPlatform::in_process(Some(Arc::clone(&clock)), MemoryBus::new(), None).await;
    platform.run_job("booking", "calendar").await;
    let a = platform.member(None).await;
    let booking = a.join_tree(&platform).await;
    // Without an open booking, deductions stay in the EMI reserve.
    a.cancel(&booking).await;
    for n in 0..22 {
        let member = platform.member(Some(&a)).await;
        let side = if n % 2 == 0 { "left" } else { "right" };
        member.http.put("/users/me/preferred-side", json!({ "side": side })).await.expect(200);
        platform.drain().await;
        member.join_tree(&platform).await;
        platform.drain().await;
        assert_eq!(member.http.put("/users/me/preferred-side", json!({ "side": side })).await.status, 409);
    }
    platform.drain().await;
    let node = a.node().await;
    assert_eq!((&node["left_count"], &node["right_count"]), (&json!(11), &json!(11)), "{node}");
    assert_eq!((&node["pairs_total"], &node["pairs_this_month"]), (&json!(10), &json!(10)), "{node}");
    assert_eq!(node["pairs_carried"], json!(1), "{node}");
    assert_eq!(a.amounts("BINARY_PAIR").await, ["500.00"; 10]);
    assert_eq!(a.amounts("EMI_DEDUCTION").await, ["-100.00"; 5]);
    assert_eq!(a.balance("emi_reserve").await, "500.00");

    // One second before midnight in India nothing happens; at midnight the day starts.
    clock.set("2026-10-31T18:29:59Z".parse().unwrap());
    // The access token has expired.
    let a = platform.sign_in(&a.email, "Member", None).await;
    platform.run_job("booking", "calendar").await;
    platform.drain().await;
    assert_eq!(a.node().await["pairs_total"], json!(10));
    clock.set("2026-10-31T18:30:00Z".parse().unwrap());
    platform.run_job("booking", "calendar").await;
    platform.run_job("booking", "calendar").await;
    platform.drain().await;
    let node = a.node().await;
    assert_eq!((&node["pairs_total"], &node["pairs_this_month"]), (&json!(11), &json!(1)), "{node}");
    assert_eq!(node["pairs_carried"], json!(0));
    let pairs = a.http.get("/binary/pairs").await.expect(200);
    assert_eq!((&pairs["items"][0]["number"], &pairs["items"][0]["month"]), (&json!(11), &json!("2026-11")));
    assert_eq!(a.amounts("BINARY_PAIR").await.len(), 11);
    assert_eq!(a.balance("emi_reserve").await, "600.00");
    platform.finish().await;
}
