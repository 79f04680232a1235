//! Cancellation and refunds.

use crate::fixture::{Fixture, text};
use proto_events::booking::v1::{PaymentRefunded, PaymentReturned};
use proto_events::platform::v1::StaffActed;
use serde_json::json;

#[tokio::test]
async fn cancelling_refunds_every_payment_to_where_it_came_from() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    fixture.pay_online(id, "5000.00").await;
    fixture.pay_cash(id, "100.00").await;
    let wallet = fixture.pay(id, "50.00", "wallet").await;
    fixture.decide_wallet_payment(&wallet, true).await;
    fixture.deliver_reserve(10_000).await;
    let pending = fixture.pay(id, "10.00", "cash").await;
    let open = fixture.pay(id, "20.00", "online").await;
    let path = format!("/bookings/{id}/cancel");
    let done = fixture.client.post(&path, json!({ "reason": "moved away", "refund_to": "source" })).await.expect(200);
    assert_eq!((&done["status"], &done["total_paid"]), (&json!("cancelled"), &json!("0.00")));
    let refunds: Vec<PaymentRefunded> = fixture.service.published().await;
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
    assert_eq!(fixture.payment(text(&pending, "id")).await["status"], "failed");
    assert_eq!(fixture.payment(text(&open, "id")).await["status"], "superseded");
    let first = fixture.payment(text(&wallet, "id")).await;
    assert_eq!((&first["status"], &first["refund"]["status"]), (&json!("refunded"), &json!("done")));
    // Concurrent repetitions change nothing.
    let again = futures_util::future::join_all((0..10).map(|_| fixture.client.post_empty(&path))).await;
    assert!(again.iter().all(|a| a.status == 200));
    assert_eq!(fixture.service.published::<PaymentRefunded>().await.len(), 4);
    fixture.service.finish().await;
}

#[tokio::test]
async fn money_received_after_the_cancellation_is_returned_to_the_wallet() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let online = fixture.pay(id, "500.00", "online").await;
    let wallet = fixture.pay(id, "500.00", "wallet").await;
    let cash = fixture.pay(id, "500.00", "cash").await;
    fixture.client.post_empty(&format!("/bookings/{id}/cancel")).await.expect(200);
    for _ in 0..3 {
        fixture.capture(&online, "pay_1", "500.00").await.expect(200);
        fixture.decide_wallet_payment(&wallet, true).await;
    }
    let confirm = format!("/payments/{}/confirm", text(&cash, "id"));
    assert_eq!(fixture.staff().post_empty(&confirm).await.problem(409), "booking.payment_state");
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    assert_eq!(returned.iter().map(|r| r.cause.as_str()).collect::<Vec<_>>(), ["booking_cancelled"; 2]);
    assert!(returned.iter().all(|r| r.user_id == Vec::<u8>::from(fixture.member)));
    assert!(fixture.completed_payments().await.is_empty());
    assert_eq!(fixture.try_pay(id, "1.00", "cash").await.problem(409), "booking.state");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_cancellation_and_a_capture_at_once_leave_no_money_lost() {
    for round in 0..6 {
        let fixture = Fixture::start().await;
        let booked = fixture.book("500.00").await;
        let id = text(&booked, "id");
        let payment = fixture.pay(id, "500.00", "online").await;
        let path = format!("/bookings/{id}/cancel");
        let (cancelled, captured) =
            tokio::join!(fixture.client.post_empty(&path), fixture.capture(&payment, "pay_1", "500.00"));
        cancelled.expect(200);
        captured.expect(200);
        let refunded: Vec<PaymentRefunded> = fixture.service.published().await;
        let returned: Vec<PaymentReturned> = fixture.service.published().await;
        assert_eq!(refunded.len() + returned.len(), 1, "round {round}");
        assert_eq!(fixture.completed_payments().await.len(), refunded.len());
        assert_eq!(fixture.booking(id).await["total_paid"], "0.00");
        fixture.service.finish().await;
    }
}

#[tokio::test]
async fn a_completed_booking_is_not_cancelled() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    fixture.pay_cash(id, "45000.00").await;
    let path = format!("/bookings/{id}/cancel");
    assert_eq!(fixture.client.post_empty(&path).await.problem(409), "booking.state");
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_administrator_refunds_one_payment_and_the_booking_can_be_paid_again() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let payment = fixture.pay_cash(id, "45000.00").await;
    let path = format!("/payments/{}/refund", text(&payment, "id"));
    let admin = fixture.service.as_admin();
    admin.post(&path, json!({ "reason": "x".repeat(501) })).await.problem(422);
    let body = json!({ "reason": "paid twice", "refund_to": "wallet" });
    let done = admin.post(&path, body.clone()).await.expect(200);
    assert_eq!((&done["status"], &done["refund"]["refund_to"]), (&json!("refunded"), &json!("wallet")));
    admin.post(&path, body).await.expect(200);
    assert_eq!(fixture.service.published::<PaymentRefunded>().await.len(), 1);
    let after = fixture.booking(id).await;
    assert_eq!((&after["status"], &after["total_paid"]), (&json!("confirmed"), &json!("0.00")));
    let open = fixture.pay(id, "45000.00", "online").await;
    let path = format!("/payments/{}/refund", text(&open, "id"));
    assert_eq!(admin.post_empty(&path).await.problem(409), "booking.payment_state");
    let acts: Vec<StaffActed> = fixture.service.published().await;
    let named: Vec<_> = acts.iter().map(|a| a.action.as_str()).collect();
    assert_eq!(named, ["payment.confirm", "payment.refund"]);
    assert!(acts.iter().all(|a| a.subject_user_id == Some(fixture.member.into())), "{acts:?}");
    fixture.service.finish().await;
}

#[tokio::test]
async fn staff_actions_are_published_with_the_member_they_concern() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let staff = fixture.staff();
    let body = json!({ "amount": "1.00", "method": "cash" });
    let payment = staff.post(&format!("/bookings/{id}/payments"), body).await.expect(201);
    staff.post_empty(&format!("/payments/{}/fail", text(&payment, "id"))).await.expect(200);
    staff.post(&format!("/bookings/{id}/emi"), json!({ "months": 3 })).await.expect(200);
    staff.post_empty(&format!("/bookings/{id}/cancel")).await.expect(200);
    let acts: Vec<StaffActed> = fixture.service.published().await;
    let named: Vec<_> = acts.iter().map(|a| a.action.as_str()).collect();
    assert_eq!(named, ["payment.start", "payment.fail", "booking.schedule_emi", "booking.cancel"]);
    assert!(acts.iter().all(|a| a.subject_user_id == Some(fixture.member.into())), "{acts:?}");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_refund_to_another_destination_conflicts() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay_online(text(&booked, "id"), "500.00").await;
    let path = format!("/payments/{}/refund", text(&payment, "id"));
    let admin = fixture.service.as_admin();
    let done = admin.post(&path, json!({ "refund_to": "source" })).await.expect(200);
    assert_eq!((&done["refund"]["refund_to"], &done["refund"]["status"]), (&json!("source"), &json!("done")));
    admin.post(&path, json!({ "refund_to": "source" })).await.expect(200);
    let other = admin.post(&path, json!({ "refund_to": "wallet" })).await;
    assert_eq!(other.problem(409), "booking.refunded_elsewhere");
    admin.post(&path, json!({ "refund_to": "mattress" })).await.problem(400);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_idempotency_key_replays_the_response_of_an_action() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let path = format!("/bookings/{}/cancel", text(&booked, "id"));
    let first = fixture.client.post_with_key(&path, "k", json!({ "reason": "no" })).await.expect(200);
    let again = fixture.client.post_with_key(&path, "k", json!({ "reason": "no" })).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(200), first);
    let other = fixture.client.post_with_key(&path, "k", json!({ "reason": "yes" })).await;
    assert_eq!(other.problem(422), "idempotency.key_reused");
    fixture.service.finish().await;
}
