//! Payments: what may be paid, and that money takes effect once.

use crate::world::{SCOOTER, World, sign, text};
use domain::Role;
use proto_events::booking::v1::{PaymentReturned, WalletPaymentRequested};
use serde_json::{Value, json};

#[tokio::test]
async fn paying_the_booking_amount_confirms_and_the_price_completes() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    assert_eq!(booked["status"], "pre_booked");
    let first = world.pay_online(id, "499.99").await;
    assert_eq!(world.booking(id).await["status"], "pre_booked");
    world.pay_online(id, "0.01").await;
    assert_eq!(world.booking(id).await["status"], "confirmed");
    world.pay_cash(id, "44499.99").await;
    let nearly = world.booking(id).await;
    assert_eq!((&nearly["status"], &nearly["remaining"]), (&json!("confirmed"), &json!("0.01")));
    world.pay_cash(id, "0.01").await;
    let done = world.booking(id).await;
    assert_eq!((&done["status"], &done["total_paid"]), (&json!("completed"), &json!("45000.00")));
    assert_eq!(world.try_pay(id, "0.01", "cash").await.problem(422), "booking.above_payable");
    assert_eq!(world.payment(text(&first, "id")).await["status"], "completed");
    assert_eq!(world.told(id).await.status, "completed");
    world.service.finish().await;
}

#[tokio::test]
async fn what_is_paid_and_pending_never_exceeds_the_price() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    for amount in ["0.00", "-1.00"] {
        assert_eq!(world.try_pay(id, amount, "cash").await.problem(422), "booking.amount_not_positive");
    }
    assert_eq!(world.try_pay(id, "45000.01", "online").await.problem(422), "booking.above_payable");
    let pending = world.pay(id, "40000.00", "cash").await;
    assert_eq!(world.try_pay(id, "5000.01", "bank_transfer").await.problem(422), "booking.above_payable");
    world.pay(id, "5000.00", "bank_transfer").await;
    assert_eq!(world.try_pay(id, "0.01", "online").await.problem(422), "booking.above_payable");
    let fail = format!("/payments/{}/fail", text(&pending, "id"));
    assert_eq!(world.staff().act(&fail).await.expect(200)["status"], "failed");
    world.staff().act(&fail).await.expect(200);
    world.pay(id, "40000.00", "online").await;
    assert_eq!(world.try_pay(id, "1.00", "emi_deduction").await.problem(422), "booking.method_not_allowed");
    world.try_pay(id, "1.00", "barter").await.problem(400);
    world.service.finish().await;
}

#[tokio::test]
async fn payments_racing_for_the_rest_do_not_exceed_it() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let tries = futures_util::future::join_all((0..10).map(|_| world.try_pay(id, "10000.00", "cash"))).await;
    assert_eq!(tries.iter().filter(|r| r.status == 201).count(), 4);
    assert_eq!(tries.iter().filter(|r| r.status == 422).count(), 6);
    world.service.finish().await;
}

#[tokio::test]
async fn the_first_booking_earns_and_the_threshold_makes_an_active_buyer() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    world.pay_online(id, "500.00").await;
    world.pay_online(id, "4499.99").await;
    let wallet = world.pay(id, "0.01", "wallet").await;
    world.wallet_decides(&wallet, true).await;
    world.wallet_decides(&wallet, true).await;
    let other = world.book("500.00").await;
    world.pay_online(text(&other, "id"), "500.00").await;
    let told = world.completed().await;
    let bonus: Vec<i64> = told.iter().map(|p| p.referral_bonus_paise).collect();
    assert_eq!(bonus, [2_500, 22_500, 0, 0]);
    let first: Vec<bool> = told.iter().map(|p| p.on_first_booking).collect();
    assert_eq!(first, [true, true, true, false]);
    let standing: Vec<_> = told.iter().map(|p| p.standing.expect("a standing")).collect();
    assert_eq!(standing.iter().map(|s| s.version).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(standing.iter().map(|s| s.active_buyer_after).collect::<Vec<_>>(), [false, false, true, true]);
    assert_eq!(
        standing.iter().map(|s| s.net_paid_after_paise).collect::<Vec<_>>(),
        [50_000, 499_999, 500_000, 550_000]
    );
    assert!(told.iter().all(|p| p.referrer_id == Some(world.referrer.into()) && p.plan_version == 1));
    world.service.finish().await;
}

#[tokio::test]
async fn nobody_earns_from_a_member_nobody_referred() {
    let world = World::start().await;
    let client = world.service.as_user(world.member);
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" });
    let booked = client.post("/bookings", body).await.expect(201);
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let payment = client.post(&path, json!({ "amount": "500.00", "method": "online" })).await.expect(201);
    world.capture(&payment, "pay_1", "500.00").await.expect(200);
    let told = world.completed().await;
    assert_eq!((told[0].referral_bonus_paise, &told[0].referrer_id), (0, &None));
    world.service.finish().await;
}

#[tokio::test]
async fn the_same_capture_fifty_times_at_once_pays_once() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let payment = world.pay(id, "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    let same = |_| world.webhook("payment.captured", order, "pay_1", "500.00");
    let answers = futures_util::future::join_all((0..50).map(same)).await;
    assert!(answers.iter().all(|a| a.status == 200), "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    // The same capture in other words: only the gateway's payment id tells that it is the same.
    let body = json!({
        "amount": "500.00", "event": "payment.captured", "order_id": order, "gateway_payment_id": "pay_1", "extra": 1
    });
    world.raw_webhook(&body.to_string(), Some(&sign(&body.to_string()))).await.expect(200);
    // A failed attempt reported late means nothing.
    world.webhook("payment.failed", order, "pay_1", "500.00").await.expect(200);
    assert_eq!(world.completed().await.len(), 1);
    assert_eq!(world.booking(id).await["total_paid"], "500.00");
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "completed");
    assert!(world.service.published::<PaymentReturned>().await.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn only_a_signed_message_is_believed() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    let body = json!({ "event": "payment.captured", "order_id": order, "gateway_payment_id": "p", "amount": "500.00" });
    let body = body.to_string();
    for signature in [None, Some(""), Some("00"), Some(sign("{}").as_str()), Some("zz")] {
        assert_eq!(world.raw_webhook(&body, signature).await.problem(401), "booking.webhook_signature");
    }
    world.service.anonymous().post("/payments/webhooks/razorpay", json!({})).await.problem(404);
    world.service.anonymous().post("/payments/webhooks/nobody", json!({})).await.problem(404);
    assert!(world.completed().await.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn the_reference_says_what_a_gateway_sends_and_what_a_booking_has() {
    let world = World::start().await;
    let document = world.service.anonymous().get("/booking/openapi.json").await.expect(200);
    let webhook = &document["paths"]["/api/v1/payments/webhooks/{gateway}"]["post"];
    assert!(webhook["requestBody"]["content"]["application/json"]["schema"].is_object(), "{webhook}");
    assert!(webhook["responses"]["401"].is_object(), "{webhook}");
    let message = &document["components"]["schemas"]["SandboxMessage"];
    assert_eq!(message["required"], json!(["event", "order_id", "amount"]), "{message}");
    let booked = world.book("500.00").await;
    let promised = document["components"]["schemas"]["BookingView"]["required"].as_array().expect("required").clone();
    let missing: Vec<_> = promised.iter().filter(|name| booked.get(name.as_str().expect("a name")).is_none()).collect();
    assert!(missing.is_empty(), "promised, and not there: {missing:?}");
    world.service.finish().await;
}

#[tokio::test]
async fn a_capture_without_an_id_is_known_by_its_body() {
    let world = World::start().await;
    for id in [None, Some(json!(null)), Some(json!(""))] {
        let booked = world.book("500.00").await;
        let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
        let order = text(&payment["checkout"], "order_id");
        let mut body = json!({ "event": "payment.captured", "order_id": order, "amount": "500.00" });
        if let Some(id) = id {
            body["gateway_payment_id"] = id;
        }
        for _ in 0..2 {
            world.raw_webhook(&body.to_string(), Some(&sign(&body.to_string()))).await.expect(200);
        }
        assert_eq!(world.payment(text(&payment, "id")).await["status"], "completed", "{body}");
    }
    assert_eq!(world.completed().await.len(), 3);
    assert!(world.service.published::<PaymentReturned>().await.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn a_newer_order_supersedes_the_older_whose_money_goes_to_the_wallet() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let old = world.pay(id, "45000.00", "online").await;
    // One that is refused leaves the open order as it is.
    world.try_pay(id, "45000.01", "online").await.problem(422);
    assert_eq!(world.payment(text(&old, "id")).await["status"], "pending");
    let new = world.pay(id, "45000.00", "online").await;
    assert_eq!(world.payment(text(&old, "id")).await["status"], "superseded");
    for _ in 0..3 {
        world.capture(&old, "pay_old", "45000.00").await.expect(200);
    }
    let returned: Vec<PaymentReturned> = world.service.published().await;
    assert_eq!((returned.len(), returned[0].amount_paise), (1, 4_500_000));
    assert_eq!(returned[0].cause, "order_superseded");
    world.capture(&new, "pay_new", "45000.00").await.expect(200);
    assert_eq!(world.booking(id).await["status"], "completed");
    // A second payment on an order that is paid.
    world.capture(&new, "pay_twice", "45000.00").await.expect(200);
    let returned: Vec<PaymentReturned> = world.service.published().await;
    assert_eq!((returned.len(), returned[1].cause.as_str()), (2, "already_paid"));
    assert_ne!(returned[0].return_id, returned[1].return_id);
    assert_eq!(world.completed().await.len(), 1);
    world.service.finish().await;
}

#[tokio::test]
async fn a_capture_of_another_amount_is_returned_whole() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    world.capture(&payment, "pay_1", "499.99").await.expect(200);
    let returned: Vec<PaymentReturned> = world.service.published().await;
    assert_eq!((returned[0].amount_paise, returned[0].cause.as_str()), (49_999, "amount_differs"));
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "failed");
    assert!(world.completed().await.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn an_order_nobody_knows_is_noted_and_answered() {
    let world = World::start().await;
    world.webhook("payment.captured", "order_of_nobody", "pay_1", "500.00").await.expect(200);
    world.webhook("payment.failed", "order_of_nobody", "pay_1", "500.00").await.expect(200);
    assert!(world.completed().await.is_empty());
    assert!(world.service.published::<PaymentReturned>().await.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn a_capture_of_an_order_nobody_knows_does_not_use_up_its_id() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    world.webhook("payment.captured", "order_of_nobody", "pay_1", "1.00").await.expect(200);
    for _ in 0..2 {
        world.capture(&payment, "pay_1", "500.00").await.expect(200);
    }
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(world.booking(text(&booked, "id")).await["total_paid"], "500.00");
    assert_eq!(world.completed().await.len(), 1);
    // The first order's money was never ours to give back.
    assert!(world.service.published::<PaymentReturned>().await.is_empty());
    world.service.finish().await;
}

#[tokio::test]
async fn money_for_an_unknown_order_and_then_for_a_cancelled_one_goes_to_the_wallet() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    world.webhook("payment.captured", "order_of_nobody", "pay_1", "500.00").await.expect(200);
    world.client.act(&format!("/bookings/{}/cancel", text(&booked, "id"))).await.expect(200);
    for _ in 0..2 {
        world.capture(&payment, "pay_1", "500.00").await.expect(200);
    }
    let returned: Vec<PaymentReturned> = world.service.published().await;
    assert_eq!(returned.iter().map(|r| r.cause.as_str()).collect::<Vec<_>>(), ["booking_cancelled"]);
    world.service.finish().await;
}

#[tokio::test]
async fn a_failed_attempt_may_be_followed_by_a_good_one_on_the_same_order() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    let order = text(&payment["checkout"], "order_id");
    world.webhook("payment.failed", order, "pay_1", "500.00").await.expect(200);
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "failed");
    world.webhook("payment.captured", order, "pay_2", "500.00").await.expect(200);
    assert_eq!(world.payment(text(&payment, "id")).await["status"], "completed");
    assert_eq!(world.booking(text(&booked, "id")).await["status"], "confirmed");
    world.service.finish().await;
}

#[tokio::test]
async fn staff_confirm_cash_and_transfers_and_nothing_else() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let path = |payment: &Value| format!("/payments/{}/confirm", text(payment, "id"));
    let transfer = world.pay(id, "100.00", "bank_transfer").await;
    assert_eq!(world.staff().act(&path(&transfer)).await.problem(422), "booking.reference_invalid");
    let named = json!({ "reference": " UTR 1 " });
    let done = world.staff().post(&path(&transfer), named.clone()).await.expect(200);
    assert_eq!((&done["status"], &done["reference"]), (&json!("completed"), &json!("UTR 1")));
    world.staff().post(&path(&transfer), named.clone()).await.expect(200);
    let fail = format!("/payments/{}/fail", text(&transfer, "id"));
    assert_eq!(world.staff().act(&fail).await.problem(409), "booking.payment_state");
    for method in ["online", "wallet"] {
        let payment = world.pay(id, "100.00", method).await;
        let refused = world.staff().post(&path(&payment), named.clone()).await;
        assert_eq!(refused.problem(409), "booking.not_confirmed_by_staff");
    }
    assert_eq!(world.completed().await.len(), 1);
    world.service.finish().await;
}

#[tokio::test]
async fn nobody_confirms_a_payment_of_their_own() {
    let world = World::start().await;
    for role in [Role::Staff, Role::Admin] {
        let client = world.service.as_role(chassis::id::fresh(), role);
        let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" });
        let booked = client.post("/bookings", body).await.expect(201);
        let path = format!("/bookings/{}/payments", text(&booked, "id"));
        for method in ["cash", "bank_transfer"] {
            let payment = client.post(&path, json!({ "amount": "500.00", "method": method })).await.expect(201);
            let confirm = format!("/payments/{}/confirm", text(&payment, "id"));
            // Decided before the body is looked at.
            for body in [json!({ "reference": "till 1" }), json!("nonsense")] {
                assert_eq!(client.post(&confirm, body).await.problem(403), "booking.own");
            }
            // Nor do they say that it will not come.
            let fail = format!("/payments/{}/fail", text(&payment, "id"));
            assert_eq!(client.act(&fail).await.problem(403), "booking.own");
            let other = world.staff().post(&confirm, json!({ "reference": "till 1" })).await.expect(200);
            assert_eq!(other["status"], "completed");
        }
    }
    world.service.finish().await;
}

#[tokio::test]
async fn the_wallet_completes_or_fails_what_it_was_asked_for() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let staff = world.staff();
    let body = json!({ "amount": "1.00", "method": "wallet" });
    let refused = staff.post(&format!("/bookings/{id}/payments"), body).await;
    assert_eq!(refused.problem(422), "booking.wallet_owner_only");
    let poor = world.pay(id, "500.00", "wallet").await;
    assert_eq!(poor["status"], "pending");
    world.wallet_decides(&poor, false).await;
    assert_eq!(world.payment(text(&poor, "id")).await["status"], "failed");
    let rich = world.pay(id, "500.00", "wallet").await;
    world.wallet_decides(&rich, true).await;
    assert_eq!(world.payment(text(&rich, "id")).await["status"], "completed");
    assert_eq!(world.service.published::<WalletPaymentRequested>().await.len(), 2);
    assert_eq!(world.booking(id).await["total_paid"], "500.00");
    world.service.finish().await;
}

#[tokio::test]
async fn a_completed_payment_has_a_receipt() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let payment = world.pay(text(&booked, "id"), "500.00", "cash").await;
    let path = format!("/payments/{}/receipt", text(&payment, "id"));
    assert_eq!(world.client.get(&path).await.problem(409), "booking.no_receipt");
    world.staff().act(&format!("/payments/{}/confirm", text(&payment, "id"))).await.expect(200);
    world.stranger().get(&path).await.problem(404);
    let receipt = world.client.get(&path).await;
    assert_eq!((receipt.status, receipt.header("content-type").as_str()), (200, "application/pdf"));
    assert!(receipt.text.starts_with("%PDF-") && receipt.text.contains("Amount          INR 500.00"));
    assert!(receipt.text.contains(text(&booked, "number")));
    world.service.finish().await;
}
