//! `ev payments reconcile`: the gateways' lists beside what is recorded, with both doubles.

use crate::fixture::{Fixture, text};
use crate::razorpay_double::{self, Razorpay, recorded};
use crate::stripe_double::{self, Fault, Stripe, event};
use booking::BookingState;
use booking::domain::GatewayName;
use booking::jobs::compare_lists::{Comparison, ComparisonError, ComparisonTotals, Difference, compare};
use domain::Money;
use proto_events::booking::v1::PaymentReturned;
use serde_json::{Value, json};
use testkit::mariadb::with_database;

fn everything(fixture: &Fixture) -> Comparison {
    let now = fixture.service.now();
    Comparison { gateway: None, from: now.plus_hours(-72), to: now.plus_hours(1), dry_run: false }
}

async fn run(fixture: &Fixture, comparison: &Comparison) -> Result<(Vec<String>, ComparisonTotals), ComparisonError> {
    let state = BookingState::try_new(fixture.service.ctx().clone()).expect("settings");
    let mut lines = Vec::new();
    let line = |d: &Difference| {
        let what = if d.is_refund { "refund" } else { "payment" };
        let left = d.left.map_or("repaired", |kind| kind.as_str());
        let amount = |amount: Option<Money>| amount.map_or("-".to_owned(), |amount| amount.to_string());
        format!("{what} {} {} {} {} {left}", d.id, d.kind, amount(d.listed), amount(d.recorded))
    };
    let totals = compare(&state, comparison, |difference| lines.push(line(difference))).await?;
    Ok((lines, totals))
}

async fn start(fixture: &Fixture) -> Value {
    let booked = fixture.book("500.00").await;
    fixture.pay(text(&booked, "id"), "500.00", "online").await
}

fn order(payment: &Value) -> &str {
    text(&payment["checkout"], "order_id")
}

fn add_to_razorpay(fixture: &Fixture, razorpay: &Razorpay, order: &str, id: &str, paise: i64) {
    let message: Value =
        serde_json::from_str(&recorded("payment.captured", order, id, paise, json!([]))).expect("JSON");
    let mut payment = message["payload"]["payment"]["entity"].clone();
    payment["created_at"] = json!(fixture.service.now().utc().timestamp());
    payment["amount_refunded"] = json!(0);
    razorpay.add_payment(payment);
}

/// What both comparisons find. Each gateway has a reported payment, one whose message was lost, one of an unknown order,
/// one that is recorded with another amount, and a refund whose message was lost.
async fn assert_found_and_repaired(fixture: &Fixture, [missed, other, unknown]: [&str; 3], refund: &str) {
    let found = |left: [&str; 3]| {
        let amounts = [("missing", "500.00", "-"), ("amount_differs", "500.00", "499.00"), ("missing", "70.00", "-")];
        let lines = [missed, other, unknown].into_iter().zip(amounts).zip(left);
        let line = |((id, (kind, listed, recorded)), left)| format!("payment {id} {kind} {listed} {recorded} {left}");
        lines.map(line).collect::<Vec<String>>()
    };
    let mut expected = found(["missing", "amount_differs", "missing"]);
    expected.push(format!("refund {refund} missing 500.00 - missing"));
    let dry = Comparison { dry_run: true, ..everything(fixture) };
    for _ in 0..2 {
        let (mut lines, totals) = run(fixture, &dry).await.expect("compared");
        lines.sort();
        let mut sorted = expected.clone();
        sorted.sort();
        assert_eq!(lines, sorted);
        assert_eq!((totals.differences, totals.repaired), (4, 0));
    }
    assert_eq!(fixture.completed_payments().await.len(), 1, "a dry run changes nothing");
    let (lines, totals) = run(fixture, &everything(fixture)).await.expect("compared");
    let mut expected = found(["repaired", "amount_differs", "unplaced"]);
    expected.push(format!("refund {refund} missing 500.00 - repaired"));
    for line in &expected {
        assert!(lines.contains(line), "{line} in {lines:?}");
    }
    assert_eq!((totals.differences, totals.repaired), (4, 2));
    // A second run repairs nothing and finds what is left for staff.
    let (mut lines, totals) = run(fixture, &everything(fixture)).await.expect("compared");
    lines.sort();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!((totals.differences, totals.repaired), (2, 0));
    assert!(lines[0].contains(other) && lines[1].contains(unknown), "{lines:?}");
    assert_eq!(fixture.completed_payments().await.len(), 2);
    let returned: Vec<PaymentReturned> = fixture.service.published().await;
    assert_eq!(returned.len(), 1, "only the capture of another amount, which its message reported");
}

async fn compare_with_razorpay(fixture: &Fixture, razorpay: &Razorpay) {
    let (reported, missed, other) = (start(fixture).await, start(fixture).await, start(fixture).await);
    for (payment, id, paise) in [(&reported, "pay_1", 50_000), (&other, "pay_3", 49_900)] {
        let message = recorded("payment.captured", order(payment), id, paise, json!([]));
        razorpay_double::webhook(fixture, &message, "evt").await.expect(200);
    }
    add_to_razorpay(fixture, razorpay, order(&reported), "pay_1", 50_000);
    add_to_razorpay(fixture, razorpay, order(&missed), "pay_2", 50_000);
    add_to_razorpay(fixture, razorpay, order(&other), "pay_3", 50_000);
    add_to_razorpay(fixture, razorpay, "order_unknown", "pay_4", 7_000);
    razorpay.add_dashboard_refund("pay_1", 50_000, "processed");
    assert_found_and_repaired(fixture, ["pay_2", "pay_3", "pay_4"], "rfnd_1").await;
    assert_eq!(fixture.payment(text(&reported, "id")).await["status"], "refunded");
    assert_eq!(fixture.payment(text(&missed, "id")).await["status"], "completed");
}

async fn compare_with_stripe(fixture: &Fixture, stripe: &Stripe) {
    let (reported, missed, other) = (start(fixture).await, start(fixture).await, start(fixture).await);
    let (paid, _, differing) = (stripe.pay(order(&reported)), stripe.pay(order(&missed)), stripe.pay(order(&other)));
    let mut differing = differing;
    differing["amount_total"] = json!(49_900);
    for session in [&paid, &differing] {
        stripe_double::webhook(fixture, &event(fixture, "checkout.session.completed", session)).await.expect(200);
    }
    stripe.add_intent(7_000, "inr", json!({}));
    let refund = stripe.add_dashboard_refund("pi_1", 50_000);
    assert_found_and_repaired(fixture, ["pi_2", "pi_3", "pi_4"], text(&refund, "id")).await;
    assert_eq!(fixture.payment(text(&reported, "id")).await["status"], "refunded");
    assert_eq!(fixture.payment(text(&missed, "id")).await["status"], "completed");
}

#[tokio::test]
async fn differences_with_razorpay_are_found_and_repaired() {
    let razorpay = Razorpay::default();
    let fixture = razorpay_double::fixture(&razorpay).await;
    compare_with_razorpay(&fixture, &razorpay).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn differences_with_stripe_are_found_and_repaired() {
    let stripe = Stripe::default();
    let fixture = stripe_double::fixture(&stripe).await;
    compare_with_stripe(&fixture, &stripe).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn differences_are_found_and_repaired_on_services() {
    with_database(async |url| {
        let razorpay = Razorpay::default();
        let fixture = razorpay_double::fixture_with(&razorpay, &[("DATABASE_URL", &url)]).await;
        compare_with_razorpay(&fixture, &razorpay).await;
        fixture.service.finish().await;
    })
    .await;
    with_database(async |url| {
        let stripe = Stripe::default();
        let fixture = stripe_double::fixture_with(&stripe, &[("DATABASE_URL", &url)]).await;
        compare_with_stripe(&fixture, &stripe).await;
        fixture.service.finish().await;
    })
    .await;
}

#[tokio::test]
async fn a_comparison_that_stops_says_where_and_continues_there() {
    let stripe = Stripe::default();
    let fixture = stripe_double::fixture(&stripe).await;
    let old = start(&fixture).await;
    stripe.pay(order(&old));
    let first = fixture.service.now();
    fixture.service.clock.advance_secs(24 * 3_600);
    stripe.set_now(&fixture);
    for n in 0..150 {
        stripe.add_intent(100 + n, "inr", json!({}));
    }
    let mut comparison = Comparison { from: first, ..everything(&fixture) };
    // The first day is read, the second page of the second one is not.
    stripe.queue(&[Fault::Pass, Fault::Pass, Fault::Pass, Fault::Lost, Fault::Lost]);
    let stopped = run(&fixture, &comparison).await.expect_err("the gateway does not answer");
    let ComparisonError::Stopped { gateway, reached, .. } = stopped else { panic!("{stopped}") };
    assert_eq!((gateway, reached), (GatewayName::Stripe, first.plus_hours(24)));
    assert_eq!(fixture.payment(text(&old, "id")).await["status"], "completed", "the first day is repaired");
    let calls = stripe.calls().len();
    comparison.from = reached;
    let (lines, totals) = run(&fixture, &comparison).await.expect("compared");
    assert_eq!((lines.len(), totals.payments, totals.repaired), (150, 150, 0));
    let asked = stripe.calls().len() - calls;
    assert_eq!(asked, 4, "two pages of payments, one of refunds, and the capture recorded that day");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_recorded_capture_that_the_gateway_does_not_have_is_reported() {
    let razorpay = Razorpay::default();
    let fixture = razorpay_double::fixture(&razorpay).await;
    // One is unknown to the gateway, one is of an order that it lists on an earlier day, one it refunded in full.
    for id in ["pay_unknown", "pay_old", "pay_refunded"] {
        let payment = start(&fixture).await;
        let message = recorded("payment.captured", order(&payment), id, 50_000, json!([]));
        razorpay_double::webhook(&fixture, &message, id).await.expect(200);
        if id != "pay_unknown" {
            add_to_razorpay(&fixture, &razorpay, order(&payment), id, 50_000);
        }
    }
    razorpay.set_payment("pay_old", "created_at", json!(fixture.service.now().plus_hours(-96).utc().timestamp()));
    razorpay.set_payment("pay_refunded", "status", json!("refunded"));
    razorpay.add_dashboard_refund("pay_refunded", 50_000, "processed");
    let comparison = Comparison { dry_run: true, ..everything(&fixture) };
    let (lines, totals) = run(&fixture, &comparison).await.expect("compared");
    let unlisted: Vec<_> = lines.iter().filter(|line| line.contains("unlisted")).collect();
    assert_eq!(unlisted, ["payment pay_unknown unlisted - 500.00 unlisted"], "{lines:?}");
    assert_eq!((totals.payments, totals.repaired), (0, 0));
    fixture.service.finish().await;
}

#[tokio::test]
async fn nothing_to_do_and_nothing_to_compare() {
    let stripe = Stripe::default();
    let fixture = stripe_double::fixture(&stripe).await;
    let payment = start(&fixture).await;
    let session = stripe.pay(order(&payment));
    stripe_double::webhook(&fixture, &event(&fixture, "checkout.session.completed", &session)).await.expect(200);
    let (lines, totals) = run(&fixture, &everything(&fixture)).await.expect("compared");
    assert_eq!((lines.len(), totals), (0, ComparisonTotals { payments: 1, ..ComparisonTotals::default() }));
    let wrong = |gateway| Comparison { gateway: Some(gateway), ..everything(&fixture) };
    for gateway in [GatewayName::Razorpay, GatewayName::Sandbox] {
        let refused = run(&fixture, &wrong(gateway)).await.expect_err("not configured");
        assert!(matches!(refused, ComparisonError::NotConfigured(name) if name == gateway), "{refused}");
    }
    let empty = Comparison { to: everything(&fixture).from, ..everything(&fixture) };
    assert!(matches!(run(&fixture, &empty).await, Err(ComparisonError::EmptyRange)));
    fixture.service.finish().await;
    let sandbox = Fixture::start().await;
    assert!(matches!(run(&sandbox, &everything(&sandbox)).await, Err(ComparisonError::NoGateway)));
    sandbox.service.finish().await;
}
