//! Cancelling and refunding: every consequence, once.

use crate::world::{World, text};
use proto_events::booking::v1::{PaymentRefunded, PaymentReturned};
use proto_events::platform::v1::StaffActed;
use serde_json::json;

#[tokio::test]
async fn cancelling_refunds_every_payment_to_where_it_came_from() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    world.pay_online(id, "5000.00").await;
    world.pay_cash(id, "100.00").await;
    let wallet = world.pay(id, "50.00", "wallet").await;
    world.wallet_decides(&wallet, true).await;
    world.reserve(10_000).await;
    let pending = world.pay(id, "10.00", "cash").await;
    let open = world.pay(id, "20.00", "online").await;
    let path = format!("/bookings/{id}/cancel");
    let done = world.client.post(&path, json!({ "reason": "moved away", "refund_to": "source" })).await.expect(200);
    assert_eq!((&done["status"], &done["total_paid"]), (&json!("cancelled"), &json!("0.00")));
    let refunds: Vec<PaymentRefunded> = world.service.published().await;
    let to: Vec<_> = refunds.iter().map(|r| (r.method.as_str(), r.amount_paise, r.refund_to.as_str())).collect();
    assert_eq!(
        to,
        [
            ("online", 500_000, "source"),
            ("cash", 10_000, "wallet"),
            ("wallet", 5_000, "wallet"),
            ("emi_deduction", 10_000, "emi_reserve")
        ]
    );
    let standing: Vec<_> = refunds.iter().map(|r| r.standing.expect("a standing")).collect();
    assert_eq!(standing.iter().map(|s| s.version).collect::<Vec<_>>(), [5, 6, 7, 8]);
    assert_eq!(standing.iter().map(|s| s.net_paid_after_paise).collect::<Vec<_>>(), [15_000, 5_000, 0, 0]);
    assert!(standing[0].active_buyer_before && !standing[0].active_buyer_after);
    assert_eq!(world.payment(text(&pending, "id")).await["status"], "failed");
    assert_eq!(world.payment(text(&open, "id")).await["status"], "superseded");
    let first = world.payment(text(&wallet, "id")).await;
    assert_eq!((&first["status"], &first["refund"]["status"]), (&json!("refunded"), &json!("done")));
    // Again, at once and by others: nothing more happens.
    let again = futures_util::future::join_all((0..10).map(|_| world.client.act(&path))).await;
    assert!(again.iter().all(|a| a.status == 200));
    assert_eq!(world.service.published::<PaymentRefunded>().await.len(), 4);
    world.service.finish().await;
}

#[tokio::test]
async fn money_that_comes_after_the_cancellation_goes_to_the_wallet() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let online = world.pay(id, "500.00", "online").await;
    let wallet = world.pay(id, "500.00", "wallet").await;
    let cash = world.pay(id, "500.00", "cash").await;
    world.client.act(&format!("/bookings/{id}/cancel")).await.expect(200);
    for _ in 0..3 {
        world.capture(&online, "pay_1", "500.00").await.expect(200);
        world.wallet_decides(&wallet, true).await;
    }
    let confirm = format!("/payments/{}/confirm", text(&cash, "id"));
    assert_eq!(world.staff().act(&confirm).await.problem(409), "booking.payment_state");
    let returned: Vec<PaymentReturned> = world.service.published().await;
    assert_eq!(returned.iter().map(|r| r.cause.as_str()).collect::<Vec<_>>(), ["booking_cancelled"; 2]);
    assert!(returned.iter().all(|r| r.user_id == Vec::<u8>::from(world.member)));
    assert!(world.completed().await.is_empty());
    assert_eq!(world.try_pay(id, "1.00", "cash").await.problem(409), "booking.state");
    world.service.finish().await;
}

#[tokio::test]
async fn a_cancellation_and_a_capture_at_once_leave_no_money_lost() {
    for round in 0..6 {
        let world = World::start().await;
        let booked = world.book("500.00").await;
        let id = text(&booked, "id");
        let payment = world.pay(id, "500.00", "online").await;
        let path = format!("/bookings/{id}/cancel");
        let (cancelled, captured) = tokio::join!(world.client.act(&path), world.capture(&payment, "pay_1", "500.00"));
        cancelled.expect(200);
        captured.expect(200);
        let refunded: Vec<PaymentRefunded> = world.service.published().await;
        let returned: Vec<PaymentReturned> = world.service.published().await;
        assert_eq!(refunded.len() + returned.len(), 1, "round {round}");
        assert_eq!(world.completed().await.len(), refunded.len());
        assert_eq!(world.booking(id).await["total_paid"], "0.00");
        world.service.finish().await;
    }
}

#[tokio::test]
async fn a_completed_booking_is_not_cancelled() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    world.pay_cash(id, "45000.00").await;
    let path = format!("/bookings/{id}/cancel");
    assert_eq!(world.client.act(&path).await.problem(409), "booking.state");
    world.service.finish().await;
}

#[tokio::test]
async fn an_administrator_refunds_one_payment_and_the_booking_can_be_paid_again() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let payment = world.pay_cash(id, "45000.00").await;
    let path = format!("/payments/{}/refund", text(&payment, "id"));
    let admin = world.service.as_admin();
    admin.post(&path, json!({ "reason": "x".repeat(501) })).await.problem(422);
    let body = json!({ "reason": "paid twice", "refund_to": "wallet" });
    let done = admin.post(&path, body.clone()).await.expect(200);
    assert_eq!((&done["status"], &done["refund"]["refund_to"]), (&json!("refunded"), &json!("wallet")));
    admin.post(&path, body).await.expect(200);
    assert_eq!(world.service.published::<PaymentRefunded>().await.len(), 1);
    let after = world.booking(id).await;
    assert_eq!((&after["status"], &after["total_paid"]), (&json!("confirmed"), &json!("0.00")));
    let open = world.pay(id, "45000.00", "online").await;
    let path = format!("/payments/{}/refund", text(&open, "id"));
    assert_eq!(admin.act(&path).await.problem(409), "booking.payment_state");
    let acts: Vec<StaffActed> = world.service.published().await;
    let named: Vec<_> = acts.iter().map(|a| a.action.as_str()).collect();
    assert_eq!(named, ["payment.confirm", "payment.refund"]);
    assert!(acts.iter().all(|a| a.subject_user_id == Some(world.member.into())), "{acts:?}");
    world.service.finish().await;
}

#[tokio::test]
async fn what_staff_do_for_a_member_is_told_with_the_member() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let staff = world.staff();
    let body = json!({ "amount": "1.00", "method": "cash" });
    let payment = staff.post(&format!("/bookings/{id}/payments"), body).await.expect(201);
    staff.act(&format!("/payments/{}/fail", text(&payment, "id"))).await.expect(200);
    staff.post(&format!("/bookings/{id}/emi"), json!({ "months": 3 })).await.expect(200);
    staff.act(&format!("/bookings/{id}/cancel")).await.expect(200);
    let acts: Vec<StaffActed> = world.service.published().await;
    let named: Vec<_> = acts.iter().map(|a| a.action.as_str()).collect();
    assert_eq!(named, ["payment.start", "payment.fail", "booking.schedule_emi", "booking.cancel"]);
    assert!(acts.iter().all(|a| a.subject_user_id == Some(world.member.into())), "{acts:?}");
    world.service.finish().await;
}

#[tokio::test]
async fn a_refund_to_the_source_and_one_to_the_wallet_are_not_the_same() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let payment = world.pay_online(text(&booked, "id"), "500.00").await;
    let path = format!("/payments/{}/refund", text(&payment, "id"));
    let admin = world.service.as_admin();
    let done = admin.post(&path, json!({ "refund_to": "source" })).await.expect(200);
    assert_eq!((&done["refund"]["refund_to"], &done["refund"]["status"]), (&json!("source"), &json!("done")));
    admin.post(&path, json!({ "refund_to": "source" })).await.expect(200);
    let other = admin.post(&path, json!({ "refund_to": "wallet" })).await;
    assert_eq!(other.problem(409), "booking.refunded_elsewhere");
    admin.post(&path, json!({ "refund_to": "mattress" })).await.problem(400);
    world.service.finish().await;
}

#[tokio::test]
async fn a_key_repeats_the_answer_of_an_action_too() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let path = format!("/bookings/{}/cancel", text(&booked, "id"));
    let first = world.client.post_with_key(&path, "k", json!({ "reason": "no" })).await.expect(200);
    let again = world.client.post_with_key(&path, "k", json!({ "reason": "no" })).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(200), first);
    let other = world.client.post_with_key(&path, "k", json!({ "reason": "yes" })).await;
    assert_eq!(other.problem(422), "idempotency.key_reused");
    world.service.finish().await;
}
