//! Resolution by staff of captures of unknown orders.

use crate::fixture::{Fixture, text};
use crate::on_services::on_mariadb;
use crate::razorpay_double::{self as razorpay, Razorpay, recorded, webhook};
use crate::refunding::{reported, send_refund_webhook, wallet_movements};
use domain::{Role, UserId};
use futures_util::future::join_all;
use proto_events::booking::v1::{ClawbackRequested, PaymentReturned};
use proto_events::platform::v1::StaffActed;
use serde_json::{Value, json};
use testkit::Client;

const UNKNOWN: &str = "/payments/captures/sandbox/pay_1";

/// A capture of 500.00 with an unknown order, and a pending online payment of 500.00.
async fn capture_and_payment(fixture: &Fixture) -> Value {
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    fixture.webhook("payment.captured", "order_unknown", "pay_1", "500.00").await.expect(200);
    payment
}

fn to_payment(payment: &Value) -> Value {
    json!({ "to": "payment", "payment_id": payment["id"], "reason": "as the gateway's support says" })
}

fn to_wallet(user: UserId) -> Value {
    json!({ "to": "wallet", "user_id": user, "reason": "paid through an old link" })
}

async fn resolve(client: &Client, body: Value) -> testkit::Reply {
    client.post(&format!("{UNKNOWN}/resolve"), body).await
}

#[tokio::test]
async fn a_capture_is_assigned_to_a_pending_payment_once() {
    let fixture = Fixture::start().await;
    let payment = capture_and_payment(&fixture).await;
    let shown = fixture.staff().get(UNKNOWN).await.expect(200);
    assert_eq!(
        (&shown["gateway"], &shown["gateway_payment_id"], &shown["outcome"], &shown["resolution"]),
        (&json!("sandbox"), &json!("pay_1"), &json!("unknown_order"), &Value::Null)
    );
    let admin_id: UserId = runtime::id::fresh();
    let admin = fixture.service.as_role(admin_id, Role::Admin);
    let path = format!("{UNKNOWN}/resolve");
    let done = admin.post_with_key(&path, "k", to_payment(&payment)).await.expect(200);
    assert_eq!((&done["outcome"], &done["payment_id"]), (&json!("applied"), &payment["id"]));
    let resolution = &done["resolution"];
    assert_eq!(
        (&resolution["by"], &resolution["reason"], &resolution["user_id"]),
        (&json!(admin_id), &json!("as the gateway's support says"), &Value::Null)
    );
    let again = admin.post_with_key(&path, "k", to_payment(&payment)).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(200), done);
    assert_eq!(fixture.staff().get(UNKNOWN).await.expect(200), done);
    for body in [to_payment(&payment), to_wallet(fixture.member)] {
        assert_eq!(resolve(&admin, body).await.problem(409), "booking.capture_state");
    }
    let paid = fixture.payment(text(&payment, "id")).await;
    assert_eq!((&paid["status"], &paid["gateway_payment_id"]), (&json!("completed"), &json!("pay_1")));
    assert_eq!(fixture.booking(text(&payment, "booking_id")).await["status"], "confirmed");
    assert_eq!((fixture.completed_payments().await.len(), wallet_movements(&fixture).await), (1, (0, 0)));
    let acts: Vec<StaffActed> = fixture.service.published().await;
    let [act] = &acts[..] else { panic!("{acts:?}") };
    assert_eq!((act.action.as_str(), act.subject_id.as_str()), ("capture.resolve", "pay_1"));
    assert_eq!(act.subject_user_id, Some(fixture.member.into()));
    // Repeated messages of the capture change nothing, and the payment's own order is paid twice.
    fixture.webhook("payment.captured", "order_unknown", "pay_1", "500.00").await.expect(200);
    assert_eq!(wallet_movements(&fixture).await, (0, 0));
    fixture.capture(&payment, "pay_2", "500.00").await.expect(200);
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    assert_eq!(returned.iter().map(|r| r.cause.as_str()).collect::<Vec<_>>(), ["already_paid"]);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_is_credited_to_a_wallet_once() {
    let fixture = Fixture::start().await;
    let payment = capture_and_payment(&fixture).await;
    let admin = fixture.service.as_admin();
    let done = resolve(&admin, to_wallet(fixture.member)).await.expect(200);
    assert_eq!((&done["outcome"], &done["payment_id"]), (&json!("returned"), &Value::Null));
    assert_eq!(done["resolution"]["user_id"], json!(fixture.member));
    for body in [to_payment(&payment), to_wallet(fixture.member)] {
        assert_eq!(resolve(&admin, body).await.problem(409), "booking.capture_state");
    }
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    let [returned] = &returned[..] else { panic!("{returned:?}") };
    assert_eq!((returned.amount_paise, &returned.user_id), (50_000, &Vec::<u8>::from(fixture.member)));
    assert_eq!(fixture.payment(text(&payment, "id")).await["status"], "pending");
    fixture.webhook("payment.captured", "order_unknown", "pay_1", "500.00").await.expect(200);
    assert_eq!((fixture.completed_payments().await.len(), wallet_movements(&fixture).await), (0, (50_000, 0)));
    assert_eq!(fixture.service.published::<StaffActed>().await.len(), 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_payment_that_does_not_fit_is_refused_and_changes_nothing() {
    let fixture = Fixture::start().await;
    let fits = capture_and_payment(&fixture).await;
    let id = text(&fits, "booking_id");
    let admin = fixture.service.as_admin();
    let cash = fixture.pay(id, "500.00", "cash").await;
    assert_eq!(resolve(&admin, to_payment(&cash)).await.problem(422), "booking.capture_other_gateway");
    for amount in ["499.99", "500.01"] {
        let other = fixture.book("500.00").await;
        let other = fixture.pay(text(&other, "id"), amount, "online").await;
        assert_eq!(resolve(&admin, to_payment(&other)).await.problem(422), "booking.capture_amount_differs");
    }
    let newer = fixture.pay(id, "500.00", "online").await;
    assert_eq!(resolve(&admin, to_payment(&fits)).await.problem(409), "booking.payment_state");
    let (unknown, reason) = (runtime::id::fresh::<uuid::Uuid>(), "x");
    for body in [
        json!({ "to": "payment", "payment_id": unknown, "reason": reason }),
        json!({ "to": "wallet", "user_id": unknown, "reason": reason }),
        json!({ "to": "payment", "reason": reason }),
        json!({ "to": "wallet", "reason": reason }),
        json!({ "to": "payment", "user_id": fixture.member, "reason": reason }),
        json!({ "to": "wallet", "payment_id": newer["id"], "reason": reason }),
        json!({ "to": "payment", "payment_id": newer["id"], "user_id": fixture.member, "reason": reason }),
        json!({ "to": "payment", "payment_id": newer["id"], "reason": " " }),
        json!({ "to": "payment", "payment_id": newer["id"], "reason": "x".repeat(501) }),
    ] {
        assert_eq!(resolve(&admin, body.clone()).await.problem(422), "booking.resolution_invalid", "{body}");
    }
    resolve(&admin, json!({ "to": "mattress", "reason": reason })).await.problem(400);
    assert_eq!(fixture.staff().get(UNKNOWN).await.expect(200)["outcome"], "unknown_order");
    assert!(fixture.service.published::<StaffActed>().await.is_empty());
    resolve(&admin, json!({ "to": "payment", "payment_id": newer["id"], "reason": "x".repeat(500) })).await.expect(200);
    fixture.service.finish().await;
}

#[tokio::test]
async fn only_administrators_resolve_a_capture_and_not_for_themselves() {
    let fixture = Fixture::start().await;
    let payment = capture_and_payment(&fixture).await;
    for (client, status) in [(fixture.client.clone(), 403), (fixture.service.anonymous(), 401)] {
        client.get(UNKNOWN).await.problem(status);
        resolve(&client, to_payment(&payment)).await.problem(status);
    }
    resolve(&fixture.staff(), to_payment(&payment)).await.problem(403);
    let own = fixture.service.as_role(fixture.member, Role::Admin);
    for body in [to_payment(&payment), to_wallet(fixture.member)] {
        assert_eq!(resolve(&own, body).await.problem(403), "booking.own");
    }
    for path in ["/payments/captures/sandbox/pay_2", "/payments/captures/razorpay/pay_1", "/payments/captures/x/pay_1"]
    {
        fixture.staff().get(path).await.problem(404);
        fixture.service.as_admin().post(&format!("{path}/resolve"), json!("nonsense")).await.problem(404);
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_placed_capture_and_one_in_another_currency_are_not_resolved() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    let placed = crate::refunding::captured_payment(&fixture, "pay_placed").await;
    let mut foreign: Value =
        serde_json::from_str(&recorded("payment.captured", "order_x", "pay_usd", 50_000, json!([]))).expect("JSON");
    foreign["payload"]["payment"]["entity"]["currency"] = json!("USD");
    webhook(&fixture, &foreign.to_string(), "evt").await.expect(200);
    for id in ["pay_placed", "pay_usd"] {
        let path = format!("/payments/captures/razorpay/{id}/resolve");
        for body in [to_payment(&placed), to_wallet(fixture.member)] {
            assert_eq!(fixture.service.as_admin().post(&path, body).await.problem(409), "booking.capture_state");
        }
    }
    assert_eq!(wallet_movements(&fixture).await, (0, 0));
    fixture.service.finish().await;
}

#[tokio::test]
async fn money_credited_to_a_wallet_and_refunded_at_the_gateway_is_clawed_back_once() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    fixture.book("500.00").await;
    let message = recorded("payment.captured", "order_unknown", "pay_1", 50_000, json!([]));
    webhook(&fixture, &message, "evt").await.expect(200);
    // A part is refunded before the resolution, the rest after it.
    let part = razorpay.add_dashboard_refund("pay_1", 20_000, "processed");
    send_refund_webhook(&fixture, "refund.processed", &part).await;
    assert_eq!(reported(&fixture, "unmatched").await.len(), 1);
    let path = "/payments/captures/razorpay/pay_1/resolve";
    fixture.service.as_admin().post(path, to_wallet(fixture.member)).await.expect(200);
    assert_eq!(wallet_movements(&fixture).await, (50_000, 20_000));
    let rest = razorpay.add_dashboard_refund("pay_1", 30_000, "processed");
    for _ in 0..2 {
        send_refund_webhook(&fixture, "refund.processed", &rest).await;
        send_refund_webhook(&fixture, "refund.processed", &part).await;
    }
    assert_eq!(wallet_movements(&fixture).await, (50_000, 50_000));
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    let clawed: Vec<ClawbackRequested> = fixture.service.published().await;
    assert!(clawed.iter().all(|c| c.user_id == returned[0].user_id && c.payment_id == returned[0].payment_id));
    assert!(clawed.iter().all(|c| c.return_id.as_ref() == Some(&returned[0].return_id)));
    let shown = fixture.staff().get("/payments/captures/razorpay/pay_1").await.expect(200);
    assert_eq!((&shown["outcome"], reported(&fixture, "unmatched").await.len()), (&json!("returned"), 0));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_capture_that_the_gateway_refunded_in_full_is_not_resolved() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    fixture.book("500.00").await;
    let message = recorded("payment.captured", "order_unknown", "pay_1", 50_000, json!([]));
    webhook(&fixture, &message, "evt").await.expect(200);
    let whole = razorpay.add_dashboard_refund("pay_1", 50_000, "processed");
    send_refund_webhook(&fixture, "refund.processed", &whole).await;
    let path = "/payments/captures/razorpay/pay_1/resolve";
    let refused = fixture.service.as_admin().post(path, to_wallet(fixture.member)).await;
    assert_eq!(refused.problem(409), "booking.capture_state");
    assert_eq!(wallet_movements(&fixture).await, (0, 0));
    fixture.service.finish().await;
}

#[tokio::test]
async fn concurrent_resolutions_place_a_capture_once_on_services() {
    on_mariadb(async |fixture| {
        let payment = capture_and_payment(fixture).await;
        let admin = fixture.service.as_admin();
        let tries = join_all((0..10).map(|n| {
            let body = if n % 2 == 0 { to_payment(&payment) } else { to_wallet(fixture.member) };
            resolve(&admin, body)
        }))
        .await;
        assert_eq!(tries.iter().filter(|r| r.status == 200).count(), 1);
        assert!(tries.iter().all(|r| [200, 409].contains(&r.status)));
        let (credited, _) = wallet_movements(fixture).await;
        let paid: i64 = fixture.completed_payments().await.iter().map(|p| p.amount_paise).sum();
        assert_eq!(credited + paid, 50_000);
        fixture.staff().get("/payments/queue-counts").await.expect(200);
        for query in
            ["method=cash,online&status=pending", "method=online", "from=2026-01-01", "status=pending&to=2027-01-01"]
        {
            fixture.staff().get(&format!("/payments?{query}")).await.expect(200);
        }
    })
    .await;
}
