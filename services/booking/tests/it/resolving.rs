//! Manual resolution of refunds with an unknown outcome.

use crate::fixture::{Fixture, text};
use crate::razorpay_double::{Razorpay, fixture};
use crate::refunding::{cancel, captured_payment, refund, send_refund_webhook, status, wallet_movements};
use domain::Role;
use serde_json::{Value, json};
use testkit::Client;

/// A payment with a refund of unknown outcome, and the path to resolve it.
async fn refund_with_unknown_outcome(fixture: &Fixture, razorpay: &Razorpay) -> (Value, String) {
    let payment = captured_payment(fixture, "pay_1").await;
    cancel(fixture, &payment, "source").await;
    razorpay.fail_authentication(1);
    fixture.service.run_job("refunds").await;
    let path = format!("/refunds/{}/resolve", text(&refund(fixture, &payment).await, "id"));
    (payment, path)
}

#[tokio::test]
async fn two_members_of_staff_resolve_a_refund_that_was_unknown_for_a_day() {
    for (outcome, status_after, credited) in [("refunded", "done", 0), ("failed", "failed", 50_000)] {
        let razorpay = Razorpay::default();
        let fixture = fixture(&razorpay).await;
        let (payment, path) = refund_with_unknown_outcome(&fixture, &razorpay).await;
        let body = json!({ "outcome": outcome, "reference": "ARN 1", "reason": "as the bank says" });
        fixture.service.clock.advance_secs(24 * 3_600 - 1);
        assert_eq!(fixture.staff().post(&path, body.clone()).await.problem(409), "booking.refund_not_resolvable");
        fixture.service.clock.advance_secs(1);
        let (first, second): (Client, Client) = (fixture.staff(), fixture.staff());
        let proposed = first.post(&path, body.clone()).await.expect(200);
        assert_eq!((&proposed["status"], &proposed["proposal"]["outcome"]), (&json!("sent"), &json!(outcome)));
        assert_eq!(
            first.post(&path, body.clone()).await.expect(200)["status"],
            "sent",
            "one member of staff is not enough"
        );
        let other = json!({ "outcome": outcome, "reference": "ARN 2", "reason": "x" });
        assert_eq!(second.post(&path, other).await.problem(409), "booking.refund_proposal_differs");
        assert_eq!(second.post(&path, body.clone()).await.expect(200)["status"], status_after);
        assert_eq!(first.post(&path, body).await.expect(200)["status"], status_after);
        assert_eq!(wallet_movements(&fixture).await, (credited, 0));
        // A later report of the gateway still counts.
        let made = razorpay.add_dashboard_refund("pay_1", 50_000, "processed");
        send_refund_webhook(&fixture, "refund.processed", &made).await;
        assert_eq!(
            (status(&fixture, &payment).await, wallet_movements(&fixture).await),
            ("done".to_owned(), (credited, credited))
        );
        fixture.service.finish().await;
    }
}

#[tokio::test]
async fn only_staff_resolve_a_refund_and_not_their_own() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let (_, path) = refund_with_unknown_outcome(&fixture, &razorpay).await;
    fixture.service.clock.advance_secs(24 * 3_600);
    let body = json!({ "outcome": "failed", "reason": "x" });
    assert_eq!(fixture.fresh_client().post(&path, body.clone()).await.problem(403), "auth.forbidden");
    let own = fixture.service.as_role(fixture.member, Role::Staff);
    assert_eq!(own.post(&path, body).await.problem(403), "booking.own");
    for bad in [json!({ "outcome": "refunded", "reason": "x" }), json!({ "outcome": "failed", "reason": " " })] {
        assert_eq!(fixture.staff().post(&path, bad).await.problem(422), "booking.resolution_invalid");
    }
    let open = fixture.staff().get("/refunds?status=sent").await.expect(200);
    assert_eq!(open["items"].as_array().map(Vec::len), Some(1));
    fixture.service.finish().await;
}
