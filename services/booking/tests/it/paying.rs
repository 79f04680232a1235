//! Payments: allowed amounts and methods, captures, webhooks, staff confirmation and receipts.

use crate::fixture::{Fixture, SCOOTER, sign, text};
use domain::Role;
use proto_events::booking::v1::{PaymentReturned, WalletPaymentRequested};
use serde_json::{Value, json};

#[tokio::test]
async fn paying_the_booking_amount_confirms_and_paying_the_price_completes() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    assert_eq!(booked["status"], "pre_booked");
    let first = fixture.pay_online(id, "499.99").await;
    assert_eq!(fixture.booking(id).await["status"], "pre_booked");
    fixture.pay_online(id, "0.01").await;
    assert_eq!(fixture.booking(id).await["status"], "confirmed");
    fixture.pay_cash(id, "44499.99").await;
    let nearly = fixture.booking(id).await;
    assert_eq!((&nearly["status"], &nearly["remaining"]), (&json!("confirmed"), &json!("0.01")));
    fixture.pay_cash(id, "0.01").await;
    let done = fixture.booking(id).await;
    assert_eq!((&done["status"], &done["total_paid"]), (&json!("completed"), &json!("45000.00")));
    assert_eq!(fixture.try_pay(id, "0.01", "cash").await.problem(422), "booking.above_payable");
    assert_eq!(fixture.payment(text(&first, "id")).await["status"], "completed");
    assert_eq!(fixture.last_snapshot(id).await.status, "completed");
    fixture.service.finish().await;
}

#[tokio::test]
async fn paid_and_pending_payments_never_exceed_the_price() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    for amount in ["0.00", "-1.00"] {
        assert_eq!(fixture.try_pay(id, amount, "cash").await.problem(422), "booking.amount_not_positive");
    }
    assert_eq!(fixture.try_pay(id, "45000.01", "online").await.problem(422), "booking.above_payable");
    let pending = fixture.pay(id, "40000.00", "cash").await;
    assert_eq!(fixture.try_pay(id, "5000.01", "bank_transfer").await.problem(422), "booking.above_payable");
    fixture.pay(id, "5000.00", "bank_transfer").await;
    assert_eq!(fixture.try_pay(id, "0.01", "online").await.problem(422), "booking.above_payable");
    let fail = format!("/payments/{}/fail", text(&pending, "id"));
    assert_eq!(fixture.staff().post_empty(&fail).await.expect(200)["status"], "failed");
    fixture.staff().post_empty(&fail).await.expect(200);
    fixture.pay(id, "40000.00", "online").await;
    assert_eq!(fixture.try_pay(id, "1.00", "emi_deduction").await.problem(422), "booking.method_not_allowed");
    fixture.try_pay(id, "1.00", "barter").await.problem(400);
    fixture.service.finish().await;
}

#[tokio::test]
async fn concurrent_payments_do_not_exceed_the_remaining_amount() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let tries = futures_util::future::join_all((0..10).map(|_| fixture.try_pay(id, "10000.00", "cash"))).await;
    assert_eq!(tries.iter().filter(|r| r.status == 201).count(), 4);
    assert_eq!(tries.iter().filter(|r| r.status == 422).count(), 6);
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_first_booking_earns_a_bonus_and_the_threshold_makes_an_active_buyer() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    fixture.pay_online(id, "500.00").await;
    fixture.pay_online(id, "4499.99").await;
    let wallet = fixture.pay(id, "0.01", "wallet").await;
    fixture.decide_wallet_payment(&wallet, true).await;
    fixture.decide_wallet_payment(&wallet, true).await;
    let other = fixture.book("500.00").await;
    fixture.pay_online(text(&other, "id"), "500.00").await;
    let completed = fixture.completed_payments().await;
    let bonus: Vec<i64> = completed.iter().map(|p| p.referral_bonus_paise).collect();
    assert_eq!(bonus, [2_500, 22_500, 0, 0]);
    let first: Vec<bool> = completed.iter().map(|p| p.on_first_booking).collect();
    assert_eq!(first, [true, true, true, false]);
    let standing: Vec<_> = completed.iter().map(|p| p.standing.expect("a standing")).collect();
    assert_eq!(standing.iter().map(|s| s.version).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(standing.iter().map(|s| s.active_buyer_after).collect::<Vec<_>>(), [false, false, true, true]);
    assert_eq!(
        standing.iter().map(|s| s.net_paid_after_paise).collect::<Vec<_>>(),
        [50_000, 499_999, 500_000, 550_000]
    );
    assert!(completed.iter().all(|p| p.referrer_id == Some(fixture.referrer.into()) && p.plan_version == 1));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_member_without_a_referrer_earns_no_bonus_for_anyone() {
    let fixture = Fixture::start().await;
    let client = fixture.service.as_user(fixture.member);
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" });
    let booked = client.post("/bookings", body).await.expect(201);
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let payment = client.post(&path, json!({ "amount": "500.00", "method": "online" })).await.expect(201);
    fixture.capture(&payment, "pay_1", "500.00").await.expect(200);
    let completed = fixture.completed_payments().await;
    assert_eq!((completed[0].referral_bonus_paise, &completed[0].referrer_id), (0, &None));
    fixture.service.finish().await;
}

#[tokio::test]
async fn fifty_concurrent_webhooks_of_one_capture_pay_once() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let payment = fixture.pay(id, "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    let same = |_| fixture.webhook("payment.captured", order, "pay_1", "500.00");
    let answers = futures_util::future::join_all((0..50).map(same)).await;
    assert!(answers.iter().all(|a| a.status == 200), "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    // Another body for the same capture: only the gateway's payment id shows that it is the same.
    let body = json!({
        "amount": "500.00", "event": "payment.captured", "order_id": order, "gateway_payment_id": "pay_1", "extra": 1
    });
    fixture.raw_webhook(&body.to_string(), Some(&sign(&body.to_string()))).await.expect(200);
    // A failed attempt that is reported late changes nothing.
    fixture.webhook("payment.failed", order, "pay_1", "500.00").await.expect(200);
    assert_eq!(fixture.completed_payments().await.len(), 1);
    assert_eq!(fixture.booking(id).await["total_paid"], "500.00");
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed");
    assert!(fixture.service.published::<PaymentReturned>().await.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_webhook_without_a_valid_signature_is_rejected() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    let body = json!({ "event": "payment.captured", "order_id": order, "gateway_payment_id": "p", "amount": "500.00" });
    let body = body.to_string();
    for signature in [None, Some(""), Some("00"), Some(sign("{}").as_str()), Some("zz")] {
        assert_eq!(fixture.raw_webhook(&body, signature).await.problem(401), "booking.webhook_signature");
    }
    fixture.service.anonymous().post("/payments/webhooks/razorpay", json!({})).await.problem(404);
    fixture.service.anonymous().post("/payments/webhooks/unknown", json!({})).await.problem(404);
    assert!(fixture.completed_payments().await.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_api_document_describes_webhooks_and_bookings() {
    let fixture = Fixture::start().await;
    let document = fixture.service.anonymous().get("/booking/openapi.json").await.expect(200);
    let webhook = &document["paths"]["/api/v1/payments/webhooks/{gateway}"]["post"];
    assert!(webhook["requestBody"]["content"]["application/json"]["schema"].is_object(), "{webhook}");
    assert!(webhook["responses"]["401"].is_object(), "{webhook}");
    let message = &document["components"]["schemas"]["SandboxMessage"];
    assert_eq!(message["required"], json!(["event", "order_id", "amount"]), "{message}");
    let booked = fixture.book("500.00").await;
    let promised = document["components"]["schemas"]["BookingView"]["required"].as_array().expect("required").clone();
    let missing: Vec<_> = promised.iter().filter(|name| booked.get(name.as_str().expect("a name")).is_none()).collect();
    assert!(missing.is_empty(), "required in the document, absent in the response: {missing:?}");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_without_an_id_is_identified_by_its_body() {
    let fixture = Fixture::start().await;
    for id in [None, Some(json!(null)), Some(json!(""))] {
        let booked = fixture.book("500.00").await;
        let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
        let order = text(&payment["checkout"], "order_id");
        let mut body = json!({ "event": "payment.captured", "order_id": order, "amount": "500.00" });
        if let Some(id) = id {
            body["gateway_payment_id"] = id;
        }
        for _ in 0..2 {
            fixture.raw_webhook(&body.to_string(), Some(&sign(&body.to_string()))).await.expect(200);
        }
        assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed", "{body}");
    }
    assert_eq!(fixture.completed_payments().await.len(), 3);
    assert!(fixture.service.published::<PaymentReturned>().await.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn money_for_a_superseded_order_is_returned_to_the_wallet() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let old = fixture.pay(id, "45000.00", "online").await;
    // A refused payment does not supersede the open order.
    fixture.try_pay(id, "45000.01", "online").await.problem(422);
    assert_eq!(fixture.payment(text(&old, "id")).await["status"], "pending");
    let new = fixture.pay(id, "45000.00", "online").await;
    assert_eq!(fixture.payment(text(&old, "id")).await["status"], "superseded");
    for _ in 0..3 {
        fixture.capture(&old, "pay_old", "45000.00").await.expect(200);
    }
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    assert_eq!((returned.len(), returned[0].amount_paise), (1, 4_500_000));
    assert_eq!(returned[0].cause, "order_superseded");
    fixture.capture(&new, "pay_new", "45000.00").await.expect(200);
    assert_eq!(fixture.booking(id).await["status"], "completed");
    // A second capture of a paid order.
    fixture.capture(&new, "pay_twice", "45000.00").await.expect(200);
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    assert_eq!((returned.len(), returned[1].cause.as_str()), (2, "already_paid"));
    assert_ne!(returned[0].return_id, returned[1].return_id);
    assert_eq!(fixture.completed_payments().await.len(), 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_of_a_different_amount_is_returned_in_full() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    fixture.capture(&payment, "pay_1", "499.99").await.expect(200);
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    assert_eq!((returned[0].amount_paise, returned[0].cause.as_str()), (49_999, "amount_differs"));
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "failed");
    assert!(fixture.completed_payments().await.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_for_an_unknown_order_is_recorded_and_answered_with_200() {
    let fixture = Fixture::start().await;
    fixture.webhook("payment.captured", "order_unknown", "pay_1", "500.00").await.expect(200);
    fixture.webhook("payment.failed", "order_unknown", "pay_1", "500.00").await.expect(200);
    assert!(fixture.completed_payments().await.is_empty());
    assert!(fixture.service.published::<PaymentReturned>().await.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_for_an_unknown_order_does_not_use_up_its_id() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    fixture.webhook("payment.captured", "order_unknown", "pay_1", "1.00").await.expect(200);
    for _ in 0..2 {
        fixture.capture(&payment, "pay_1", "500.00").await.expect(200);
    }
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(fixture.booking(text(&booked, "id")).await["total_paid"], "500.00");
    assert_eq!(fixture.completed_payments().await.len(), 1);
    // The capture for the unknown order is not returned.
    assert!(fixture.service.published::<PaymentReturned>().await.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn money_for_an_unknown_and_then_a_cancelled_order_is_returned_to_the_wallet() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    fixture.webhook("payment.captured", "order_unknown", "pay_1", "500.00").await.expect(200);
    fixture.client.post_empty(&format!("/bookings/{}/cancel", text(&booked, "id"))).await.expect(200);
    for _ in 0..2 {
        fixture.capture(&payment, "pay_1", "500.00").await.expect(200);
    }
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    assert_eq!(returned.iter().map(|r| r.cause.as_str()).collect::<Vec<_>>(), ["booking_cancelled"]);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_order_can_be_captured_after_a_failed_attempt() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    fixture.webhook("payment.failed", order, "pay_1", "500.00").await.expect(200);
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "failed");
    fixture.webhook("payment.captured", order, "pay_2", "500.00").await.expect(200);
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(fixture.booking(text(&booked, "id")).await["status"], "confirmed");
    fixture.service.finish().await;
}

#[tokio::test]
async fn staff_confirm_cash_and_transfers_and_nothing_else() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let path = |payment: &Value| format!("/payments/{}/confirm", text(payment, "id"));
    let transfer = fixture.pay(id, "100.00", "bank_transfer").await;
    assert_eq!(fixture.staff().post_empty(&path(&transfer)).await.problem(422), "booking.reference_invalid");
    let named = json!({ "reference": " UTR 1 " });
    let done = fixture.staff().post(&path(&transfer), named.clone()).await.expect(200);
    assert_eq!((&done["status"], &done["reference"]), (&json!("completed"), &json!("UTR 1")));
    fixture.staff().post(&path(&transfer), named.clone()).await.expect(200);
    let fail = format!("/payments/{}/fail", text(&transfer, "id"));
    assert_eq!(fixture.staff().post_empty(&fail).await.problem(409), "booking.payment_state");
    for method in ["online", "wallet"] {
        let payment = fixture.pay(id, "100.00", method).await;
        let refused = fixture.staff().post(&path(&payment), named.clone()).await;
        assert_eq!(refused.problem(409), "booking.not_confirmed_by_staff");
    }
    assert_eq!(fixture.completed_payments().await.len(), 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn staff_cannot_confirm_their_own_payments() {
    let fixture = Fixture::start().await;
    for role in [Role::Staff, Role::Admin] {
        let client = fixture.service.as_role(runtime::id::fresh(), role);
        let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" });
        let booked = client.post("/bookings", body).await.expect(201);
        let path = format!("/bookings/{}/payments", text(&booked, "id"));
        for method in ["cash", "bank_transfer"] {
            let payment = client.post(&path, json!({ "amount": "500.00", "method": method })).await.expect(201);
            let confirm = format!("/payments/{}/confirm", text(&payment, "id"));
            // Refused before the body is parsed.
            for body in [json!({ "reference": "till 1" }), json!("nonsense")] {
                assert_eq!(client.post(&confirm, body).await.problem(403), "booking.own");
            }
            // Nor can they fail it.
            let fail = format!("/payments/{}/fail", text(&payment, "id"));
            assert_eq!(client.post_empty(&fail).await.problem(403), "booking.own");
            let other = fixture.staff().post(&confirm, json!({ "reference": "till 1" })).await.expect(200);
            assert_eq!(other["status"], "completed");
        }
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_wallet_decides_about_a_wallet_payment() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let staff = fixture.staff();
    let body = json!({ "amount": "1.00", "method": "wallet" });
    let refused = staff.post(&format!("/bookings/{id}/payments"), body).await;
    assert_eq!(refused.problem(422), "booking.wallet_owner_only");
    let poor = fixture.pay(id, "500.00", "wallet").await;
    assert_eq!(poor["status"], "pending");
    fixture.decide_wallet_payment(&poor, false).await;
    assert_eq!(fixture.payment(text(&poor, "id")).await["status"], "failed");
    let rich = fixture.pay(id, "500.00", "wallet").await;
    fixture.decide_wallet_payment(&rich, true).await;
    assert_eq!(fixture.payment(text(&rich, "id")).await["status"], "completed");
    assert_eq!(fixture.service.published::<WalletPaymentRequested>().await.len(), 2);
    assert_eq!(fixture.booking(id).await["total_paid"], "500.00");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_completed_payment_has_a_receipt() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "cash").await;
    let path = format!("/payments/{}/receipt", text(&payment, "id"));
    assert_eq!(fixture.client.get(&path).await.problem(409), "booking.no_receipt");
    fixture.staff().post_empty(&format!("/payments/{}/confirm", text(&payment, "id"))).await.expect(200);
    fixture.stranger().get(&path).await.problem(404);
    let receipt = fixture.client.get(&path).await;
    assert_eq!((receipt.status, receipt.header("content-type").as_str()), (200, "application/pdf"));
    assert!(receipt.text.starts_with("%PDF-"));
    fixture.service.finish().await;
}
