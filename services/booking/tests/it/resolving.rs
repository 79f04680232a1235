//! Refunds whose outcome the gateway does not tell: two members of staff say what became of them.

use crate::razorpay_double::{Razorpay, world};
use crate::refunding::{cancel, moved, paid, refund, status, tell};
use crate::world::{World, text};
use domain::Role;
use serde_json::{Value, json};
use testkit::Client;

async fn unknown_for_a_day(world: &World, razorpay: &Razorpay) -> (Value, String) {
    let payment = paid(world, "pay_1").await;
    cancel(world, &payment, "source").await;
    razorpay.unauthorized(1);
    world.service.run_job("refunds").await;
    let path = format!("/refunds/{}/resolve", text(&refund(world, &payment).await, "id"));
    (payment, path)
}

#[tokio::test]
async fn two_members_of_staff_resolve_a_refund_that_was_unknown_for_a_day() {
    for (outcome, status_after, credited) in [("refunded", "done", 0), ("failed", "failed", 50_000)] {
        let razorpay = Razorpay::default();
        let world = world(&razorpay).await;
        let (payment, path) = unknown_for_a_day(&world, &razorpay).await;
        let body = json!({ "outcome": outcome, "reference": "ARN 1", "reason": "as the bank says" });
        world.service.clock.advance_secs(24 * 3_600 - 1);
        assert_eq!(world.staff().post(&path, body.clone()).await.problem(409), "booking.refund_not_resolvable");
        world.service.clock.advance_secs(1);
        let (first, second): (Client, Client) = (world.staff(), world.staff());
        let proposed = first.post(&path, body.clone()).await.expect(200);
        assert_eq!((&proposed["status"], &proposed["proposal"]["outcome"]), (&json!("sent"), &json!(outcome)));
        assert_eq!(first.post(&path, body.clone()).await.expect(200)["status"], "sent", "not alone");
        let other = json!({ "outcome": outcome, "reference": "ARN 2", "reason": "x" });
        assert_eq!(second.post(&path, other).await.problem(409), "booking.refund_proposal_differs");
        assert_eq!(second.post(&path, body.clone()).await.expect(200)["status"], status_after);
        assert_eq!(first.post(&path, body).await.expect(200)["status"], status_after);
        assert_eq!(moved(&world).await, (credited, 0));
        // What the gateway says in the end still counts.
        let made = razorpay.refund_in_dashboard("pay_1", 50_000, "processed");
        tell(&world, "refund.processed", &made).await;
        assert_eq!((status(&world, &payment).await, moved(&world).await), ("done".to_owned(), (credited, credited)));
        world.service.finish().await;
    }
}

#[tokio::test]
async fn a_refund_is_resolved_by_staff_only_and_by_nobody_for_themselves() {
    let razorpay = Razorpay::default();
    let world = world(&razorpay).await;
    let (_, path) = unknown_for_a_day(&world, &razorpay).await;
    world.service.clock.advance_secs(24 * 3_600);
    let body = json!({ "outcome": "failed", "reason": "x" });
    assert_eq!(world.again().post(&path, body.clone()).await.problem(403), "auth.forbidden");
    let own = world.service.as_role(world.member, Role::Staff);
    assert_eq!(own.post(&path, body).await.problem(403), "booking.own");
    for bad in [json!({ "outcome": "refunded", "reason": "x" }), json!({ "outcome": "failed", "reason": " " })] {
        assert_eq!(world.staff().post(&path, bad).await.problem(422), "booking.resolution_invalid");
    }
    let open = world.staff().get("/refunds?status=sent").await.expect(200);
    assert_eq!(open["items"].as_array().map(Vec::len), Some(1));
    world.service.finish().await;
}
