//! Reconciliation: captures without a webhook are found in the list or by order checks, and applied once.

use crate::fixture::{Fixture, text};
use crate::razorpay_double::{Razorpay, fixture, fixture_with, recorded, webhook};
use futures_util::future::join_all;
use proto_events::booking::v1::PaymentReturned;
use runtime::jobs::run_once;
use serde_json::{Value, json};
use testkit::mariadb::with_database;

/// A payment as the gateway lists it, created now.
fn listed(fixture: &Fixture, order: &str, id: &str, paise: i64) -> Value {
    let message: Value =
        serde_json::from_str(&recorded("payment.captured", order, id, paise, json!([]))).expect("JSON");
    let mut payment = message["payload"]["payment"]["entity"].clone();
    payment["created_at"] = json!(fixture.service.now().utc().timestamp());
    payment["amount_refunded"] = json!(0);
    payment
}

fn order(payment: &Value) -> &str {
    text(&payment["checkout"], "order_id")
}

/// Starts a payment of 500.00 on a new booking, which the gateway captures without a webhook.
async fn capture_without_webhook(fixture: &Fixture, razorpay: &Razorpay, id: &str) -> Value {
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    razorpay.add_payment(listed(fixture, order(&payment), id, 50_000));
    payment
}

async fn status(fixture: &Fixture, payment: &Value) -> String {
    text(&fixture.payment(text(payment, "id")).await, "status").to_owned()
}

async fn expect_job_error(fixture: &Fixture, name: &str) {
    let job = fixture.service.started.jobs.iter().find(|j| j.name == name).expect("a job");
    run_once(job, fixture.service.ctx()).await.expect_err("the job fails");
}

/// The queries of the payment list so far.
fn scanned(razorpay: &Razorpay) -> Vec<String> {
    razorpay.calls().into_iter().filter(|c| c.path == "/v1/payments").map(|c| c.query).collect()
}

async fn unmatched(fixture: &Fixture) -> Vec<String> {
    let found = fixture.staff().get("/payments/captures?outcome=unknown_order&limit=100").await.expect(200);
    let id = |c: &Value| text(c, "gateway_payment_id").to_owned();
    found["items"].as_array().expect("items").iter().map(id).collect()
}

#[tokio::test]
async fn a_capture_whose_webhook_is_lost_is_found_in_the_list_and_applied_once() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = capture_without_webhook(&fixture, &razorpay, "pay_1").await;
    fixture.service.run_job("reconcile").await;
    assert_eq!(status(&fixture, &payment).await, "completed");
    // Each scan overlaps the previous one, and the webhook arrives late.
    for _ in 0..3 {
        fixture.service.clock.advance_secs(900);
        fixture.service.run_job("reconcile").await;
    }
    let message = recorded("payment.captured", order(&payment), "pay_1", 50_000, json!([]));
    webhook(&fixture, &message, "evt_1").await.expect(200);
    assert_eq!(fixture.completed_payments().await.len(), 1);
    assert!(fixture.service.published::<PaymentReturned>().await.is_empty());
    assert_eq!(unmatched(&fixture).await, Vec::<String>::new());
    let scanned = scanned(&razorpay);
    assert_eq!(scanned.len(), 4);
    assert_eq!(scanned[0], "from=1794112200&to=1794285000&count=100&skip=0", "two days of 24 hours each way");
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_outage_of_the_gateway_does_not_advance_the_scan() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = capture_without_webhook(&fixture, &razorpay, "pay_1").await;
    for _ in 0..2 {
        razorpay.queue_answer(502, json!({}));
    }
    expect_job_error(&fixture, "reconcile").await;
    assert_eq!(status(&fixture, &payment).await, "pending");
    fixture.service.clock.advance_secs(60);
    fixture.service.run_job("reconcile").await;
    assert_eq!(status(&fixture, &payment).await, "completed");
    let scanned = scanned(&razorpay);
    // The window that failed twice and then succeeded, then the next minute.
    assert_eq!(scanned.len(), 4);
    assert!(scanned[..3].iter().all(|query| *query == scanned[0]), "{scanned:?}");
    assert_ne!(scanned[3], scanned[0]);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_interrupted_scan_resumes_after_the_last_full_page() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let first = capture_without_webhook(&fixture, &razorpay, "pay_last_line").await;
    for n in 0..199 {
        let mut failed = listed(&fixture, "order_unknown", &format!("pay_{n}"), 100);
        failed["status"] = json!("failed");
        razorpay.add_payment(failed);
    }
    let second = capture_without_webhook(&fixture, &razorpay, "pay_first_line").await;
    // The first page is answered, the second is not. Queued answers are used last first.
    for _ in 0..2 {
        razorpay.queue_answer(500, json!({}));
    }
    let page = razorpay.listing(0, 100);
    razorpay.queue_answer(200, page);
    expect_job_error(&fixture, "reconcile").await;
    assert_eq!(
        (status(&fixture, &second).await, status(&fixture, &first).await),
        ("completed".into(), "pending".into())
    );
    fixture.service.run_job("reconcile").await;
    assert_eq!(status(&fixture, &first).await, "completed");
    let skips: Vec<String> =
        scanned(&razorpay).iter().map(|q| q.rsplit('=').next().expect("a number").to_owned()).collect();
    assert_eq!(skips, ["0", "100", "100", "100", "200"]);
    assert_eq!(fixture.completed_payments().await.len(), 2);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_found_capture_of_a_closed_booking_is_returned_or_revives_it() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let cancelled = capture_without_webhook(&fixture, &razorpay, "pay_cancelled").await;
    fixture
        .fresh_client()
        .post_empty(&format!("/bookings/{}/cancel", text(&cancelled, "booking_id")))
        .await
        .expect(200);
    let superseded = capture_without_webhook(&fixture, &razorpay, "pay_superseded").await;
    fixture.pay(text(&superseded, "booking_id"), "500.00", "online").await;
    let expired = capture_without_webhook(&fixture, &razorpay, "pay_expired").await;
    fixture.service.clock.advance_secs(24 * 3_600 + 1);
    fixture.service.run_job("expire").await;
    assert_eq!(fixture.booking(text(&expired, "booking_id")).await["status"], "expired");
    for _ in 0..2 {
        fixture.service.run_job("reconcile").await;
        fixture.service.clock.advance_secs(900);
    }
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    let mut causes: Vec<&str> = returned.iter().map(|r| r.cause.as_str()).collect();
    causes.sort_unstable();
    assert_eq!(causes, ["booking_cancelled", "order_superseded"]);
    assert!(returned.iter().all(|r| r.amount_paise == 50_000));
    assert_eq!(fixture.booking(text(&expired, "booking_id")).await["status"], "confirmed");
    assert_eq!(fixture.completed_payments().await.len(), 1);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_unmatched_capture_is_shown_to_staff_until_its_order_is_known() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    razorpay.add_payment(listed(&fixture, "order_unknown", "pay_1", 100));
    let mut without = listed(&fixture, "", "pay_2", 200);
    without["order_id"] = Value::Null;
    razorpay.add_payment(without);
    for _ in 0..2 {
        fixture.service.run_job("reconcile").await;
        fixture.service.clock.advance_secs(900);
    }
    // A webhook reports one as well.
    let mut message: Value =
        serde_json::from_str(&recorded("payment.captured", "", "pay_3", 300, json!([]))).expect("JSON");
    message["payload"]["payment"]["entity"]["order_id"] = Value::Null;
    webhook(&fixture, &message.to_string(), "evt_1").await.expect(200);
    assert_eq!(unmatched(&fixture).await, ["pay_3", "pay_1", "pay_2"]);
    let page = fixture.staff().get("/payments/captures?limit=1").await.expect(200);
    assert_eq!((&page["items"][0]["amount"], &page["items"][0]["outcome"]), (&json!("3.00"), &json!("unknown_order")));
    let next = format!("/payments/captures?limit=1&cursor={}", text(&page, "next_cursor"));
    assert_eq!(fixture.staff().get(&next).await.expect(200)["items"][0]["gateway_payment_id"], "pay_1");
    assert_eq!(fixture.fresh_client().get("/payments/captures").await.problem(403), "auth.forbidden");
    // The list corrects the stored order.
    let payment = capture_without_webhook(&fixture, &razorpay, "pay_1").await;
    fixture.service.run_job("reconcile").await;
    assert_eq!(status(&fixture, &payment).await, "completed");
    assert_eq!(unmatched(&fixture).await, ["pay_3", "pay_2"]);
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_part_refunded_at_the_gateway_is_not_credited() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    let mut whole = listed(&fixture, order(&payment), "pay_whole", 50_000);
    (whole["status"], whole["amount_refunded"]) = (json!("refunded"), json!(50_000));
    razorpay.add_payment(whole);
    fixture.service.run_job("reconcile").await;
    assert_eq!(status(&fixture, &payment).await, "pending");
    let mut part = listed(&fixture, order(&payment), "pay_part", 50_000);
    part["amount_refunded"] = json!(10_000);
    razorpay.add_payment(part);
    fixture.service.clock.advance_secs(900);
    fixture.service.run_job("reconcile").await;
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    assert_eq!((returned.len(), returned[0].amount_paise), (1, 40_000));
    assert!(fixture.completed_payments().await.is_empty());
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_order_without_a_webhook_is_checked_after_ten_minutes_and_then_less_and_less_often() {
    let razorpay = Razorpay::default();
    let fixture = fixture(&razorpay).await;
    let payment = capture_without_webhook(&fixture, &razorpay, "pay_1").await;
    let booked = fixture.book("500.00").await;
    let unpaid = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    let asked = |payment: &Value| {
        let path = format!("/v1/orders/{}/payments", order(payment));
        razorpay.calls().iter().filter(|c| c.path == path).count()
    };
    fixture.service.run_job("orders").await;
    assert_eq!(asked(&payment), 0);
    fixture.service.clock.advance_secs(600);
    // The gateway is down at first, so the check is repeated.
    for _ in 0..2 {
        razorpay.queue_answer(503, json!({}));
    }
    expect_job_error(&fixture, "orders").await;
    fixture.service.clock.advance_secs(60);
    fixture.service.run_job("orders").await;
    assert_eq!(status(&fixture, &payment).await, "completed");
    assert_eq!((asked(&payment), asked(&unpaid)), (3, 1));
    for (secs, times) in [(0, 1), (530, 1), (20, 2), (1_100, 2), (120, 3)] {
        fixture.service.clock.advance_secs(secs);
        fixture.service.run_job("orders").await;
        assert_eq!((asked(&payment), asked(&unpaid)), (3, times), "{secs}");
    }
    fixture.service.run_job("reconcile").await;
    assert_eq!(fixture.completed_payments().await.len(), 1);
    fixture.service.finish().await;
}

/// Runs `test` with the service on MariaDB and the Razorpay double.
async fn on_mariadb(test: impl AsyncFnOnce(&Fixture, &Razorpay)) {
    with_database(async |url| {
        let razorpay = Razorpay::default();
        let fixture = fixture_with(&razorpay, &[("DATABASE_URL", &url)]).await;
        test(&fixture, &razorpay).await;
        fixture.service.finish().await;
    })
    .await;
}

#[tokio::test]
async fn concurrent_webhooks_scans_and_order_checks_apply_a_capture_once_on_services() {
    on_mariadb(async |fixture, razorpay| {
        let mut payments = Vec::new();
        for n in 0..4 {
            payments.push(capture_without_webhook(fixture, razorpay, &format!("pay_{n}")).await);
        }
        fixture.service.clock.advance_secs(600);
        let webhooks = join_all(payments.iter().enumerate().flat_map(|(n, payment)| {
            (0..4).map(move |copy| {
                let message =
                    recorded("payment.captured", order(payment), &format!("pay_{n}"), 50_000, json!({ "copy": copy }));
                async move { webhook(fixture, &message, "evt").await.expect(200) }
            })
        }));
        let scans = join_all((0..3).map(|_| fixture.service.run_job("reconcile")));
        let checks = join_all((0..3).map(|_| fixture.service.run_job("orders")));
        tokio::join!(webhooks, scans, checks);
        assert_eq!(fixture.completed_payments().await.len(), 4);
        assert!(fixture.service.published::<PaymentReturned>().await.is_empty());
        for payment in &payments {
            assert_eq!(fixture.booking(text(payment, "booking_id")).await["total_paid"], "500.00");
        }
    })
    .await;
}

#[tokio::test]
async fn a_capture_concurrent_with_the_storing_of_its_order_is_applied_on_services() {
    on_mariadb(async |fixture, razorpay| {
        for n in 0..25 {
            let booked = fixture.book("500.00").await;
            // The double numbers orders by its calls, and each round makes one call.
            let order = format!("order_Abc{}", n + 1);
            let message = recorded("payment.captured", &order, &format!("pay_{n}"), 50_000, json!([]));
            let delayed = async {
                tokio::time::sleep(std::time::Duration::from_millis(n)).await;
                webhook(fixture, &message, "evt").await.expect(200)
            };
            tokio::join!(fixture.pay(text(&booked, "id"), "500.00", "online"), delayed);
            assert_eq!(fixture.booking(text(&booked, "id")).await["status"], "confirmed", "{n}");
        }
        assert_eq!(razorpay.calls().len(), 25);
        assert_eq!(unmatched(fixture).await, Vec::<String>::new());
    })
    .await;
}
