//! The monthly limit across the turn of a month in India.

use crate::world::World;
use chassis::clock::FakeClock;
use chassis::events::memory::MemoryBus;
use serde_json::json;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_eleventh_pair_of_a_month_waits_and_is_paid_on_the_first() {
    // Seven in the evening of 31 October in India.
    let clock = Arc::new(FakeClock::at("2026-10-31T13:30:00Z".parse().unwrap()));
    let world = World::inside(Some(Arc::clone(&clock)), MemoryBus::new()).await;
    world.run_job("booking", "calendar").await;
    let a = world.member(None).await;
    let booking = a.join_tree(&world).await;
    // Without a booking that takes EMI, what is deducted stays in the reserve.
    a.cancel(&booking).await;
    for n in 0..22 {
        let member = world.member(Some(&a)).await;
        let side = if n % 2 == 0 { "left" } else { "right" };
        member.http.put("/users/me/preferred-side", json!({ "side": side })).await.expect(200);
        world.drain().await;
        member.join_tree(&world).await;
        world.drain().await;
        assert_eq!(member.http.put("/users/me/preferred-side", json!({ "side": side })).await.status, 409);
    }
    world.drain().await;
    let node = a.node().await;
    assert_eq!((&node["left_count"], &node["right_count"]), (&json!(11), &json!(11)), "{node}");
    assert_eq!((&node["pairs_total"], &node["pairs_this_month"]), (&json!(10), &json!(10)), "{node}");
    assert_eq!(node["pairs_carried"], json!(1), "{node}");
    assert_eq!(a.amounts("BINARY_PAIR").await, ["500.00"; 10]);
    assert_eq!(a.amounts("EMI_DEDUCTION").await, ["-100.00"; 5]);
    assert_eq!(a.balance("emi_reserve").await, "500.00");

    // One second before midnight in India nothing happens; at midnight the day starts.
    clock.set("2026-10-31T18:29:59Z".parse().unwrap());
    // The access token of the evening has run out.
    let a = world.sign_in(&a.email, "Member", None).await;
    world.run_job("booking", "calendar").await;
    world.drain().await;
    assert_eq!(a.node().await["pairs_total"], json!(10));
    clock.set("2026-10-31T18:30:00Z".parse().unwrap());
    world.run_job("booking", "calendar").await;
    world.run_job("booking", "calendar").await;
    world.drain().await;
    let node = a.node().await;
    assert_eq!((&node["pairs_total"], &node["pairs_this_month"]), (&json!(11), &json!(1)), "{node}");
    assert_eq!(node["pairs_carried"], json!(0));
    let pairs = a.http.get("/binary/pairs").await.expect(200);
    assert_eq!((&pairs["items"][0]["number"], &pairs["items"][0]["month"]), (&json!(11), &json!("2026-11")));
    assert_eq!(a.amounts("BINARY_PAIR").await.len(), 11);
    assert_eq!(a.balance("emi_reserve").await, "600.00");
    world.finish().await;
}
