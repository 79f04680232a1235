//! Outages of each gateway in the middle of payments and refunds: nothing is lost, charged twice or refunded twice.

use crate::fixture::{Fixture, text};
use crate::razorpay_double::{self, Razorpay, recorded};
use crate::refunding::{cancel, refund, send_due, wallet_movements};
use crate::stripe_double::{self, Fault, Stripe, event};
use serde_json::{Value, json};
use testkit::Reply;
use testkit::mariadb::with_database;

/// What happens to a call.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// It has no effect and no answer.
    Fail,
    /// It takes effect, and its answer is lost.
    Lose,
}
use Trouble::{Fail, Lose};

/// The double of a gateway.
trait Double: Default {
    async fn fixture(&self, more: &[(&str, &str)]) -> Fixture;
    /// Queues troubles for the next calls.
    fn trouble(&self, next: &[Trouble]);
    fn orders(&self) -> usize;
    /// The payer pays an order of 500.00, without a message. Returns what the message says.
    fn pay(&self, fixture: &Fixture, order: &str) -> Value;
    async fn report(&self, fixture: &Fixture, paid: &Value);
    /// Amount refunded, in paise.
    fn refunded(&self) -> i64;
}

impl Double for Razorpay {
    async fn fixture(&self, more: &[(&str, &str)]) -> Fixture {
        razorpay_double::fixture_with(self, more).await
    }
    fn trouble(&self, next: &[Trouble]) {
        // Queued answers are used last first.
        for trouble in next.iter().rev() {
            match trouble {
                Fail => self.queue_answer(503, json!({})),
                Lose => self.lose_next_answer(),
            }
        }
    }
    fn orders(&self) -> usize {
        self.order_count()
    }
    fn pay(&self, fixture: &Fixture, order: &str) -> Value {
        let message: Value =
            serde_json::from_str(&recorded("payment.captured", order, "pay_1", 50_000, json!([]))).expect("JSON");
        let mut payment = message["payload"]["payment"]["entity"].clone();
        payment["created_at"] = json!(fixture.service.now().utc().timestamp());
        payment["amount_refunded"] = json!(0);
        self.add_payment(payment);
        json!({ "order": order })
    }
    async fn report(&self, fixture: &Fixture, paid: &Value) {
        let message = recorded("payment.captured", text(paid, "order"), "pay_1", 50_000, json!([]));
        razorpay_double::webhook(fixture, &message, "evt").await.expect(200);
    }
    fn refunded(&self) -> i64 {
        self.refunds().iter().filter_map(|refund| refund["amount"].as_i64()).sum()
    }
}

impl Double for Stripe {
    async fn fixture(&self, more: &[(&str, &str)]) -> Fixture {
        stripe_double::fixture_with(self, more).await
    }
    fn trouble(&self, next: &[Trouble]) {
        let fault = |trouble: &Trouble| match trouble {
            Fail => Fault::Refused(503, json!({})),
            Lose => Fault::Cut,
        };
        self.queue(&next.iter().map(fault).collect::<Vec<_>>());
    }
    fn orders(&self) -> usize {
        self.sessions().len()
    }
    fn pay(&self, _: &Fixture, order: &str) -> Value {
        Stripe::pay(self, order)
    }
    async fn report(&self, fixture: &Fixture, paid: &Value) {
        let message = event(fixture, "checkout.session.completed", paid);
        stripe_double::webhook(fixture, &message).await.expect(200);
    }
    fn refunded(&self) -> i64 {
        self.refunds().iter().filter_map(|refund| refund["amount"].as_i64()).sum()
    }
}

async fn run_failing(fixture: &Fixture, name: &str) {
    let job = fixture.service.started.jobs.iter().find(|job| job.name == name).expect("a job");
    runtime::jobs::run_once(job, fixture.service.ctx()).await.expect_err(name);
}

async fn payments(fixture: &Fixture) -> Vec<Value> {
    fixture.fresh_client().get("/payments").await.expect(200)["items"].as_array().expect("items").clone()
}

async fn status(fixture: &Fixture, payment: &Value) -> String {
    text(&fixture.payment(text(payment, "id")).await, "status").to_owned()
}

async fn start(fixture: &Fixture) -> Value {
    let booked = fixture.book("500.00").await;
    fixture.pay(text(&booked, "id"), "500.00", "online").await
}

/// Outages before and after the order is created: the repeated request and a later opening get the one order.
async fn an_order_is_created_once<D: Double>(double: &D, fixture: &Fixture) {
    let booked = fixture.book("500.00").await;
    let path = format!("/bookings/{}/payments", text(&booked, "id"));
    let body = json!({ "amount": "500.00", "method": "online" });
    let post = async || -> Reply { fixture.fresh_client().post_with_key(&path, "k", body.clone()).await };
    for next in [&[Lose, Fail][..], &[Fail, Fail]] {
        double.trouble(next);
        assert_eq!(post().await.problem(503), "request.dependency_unavailable", "{next:?}");
    }
    let payment = post().await.expect(201);
    let path = format!("/payments/{}/checkout", text(&payment, "id"));
    let opened = fixture.fresh_client().post_empty(&path).await.expect(200);
    assert_eq!(opened["order_id"], payment["checkout"]["order_id"]);
    assert_eq!((double.orders(), payments(fixture).await.len()), (1, 1));
    assert_eq!(post().await.expect(201)["checkout"]["order_id"], opened["order_id"]);
    let paid = double.pay(fixture, text(&opened, "order_id"));
    double.report(fixture, &paid).await;
    assert_eq!(status(fixture, &payment).await, "completed");
    assert_eq!(fixture.completed_payments().await.len(), 1);
}

/// The message of a capture is lost, and the gateway does not answer at first: the capture is found and applied once.
async fn a_capture_is_found<D: Double>(double: &D, fixture: &Fixture) {
    let payment = start(fixture).await;
    let paid = double.pay(fixture, text(&payment["checkout"], "order_id"));
    fixture.service.clock.advance_secs(600);
    for job in ["orders", "reconcile"] {
        double.trouble(&[Fail, Fail]);
        run_failing(fixture, job).await;
        assert_eq!(status(fixture, &payment).await, "pending");
    }
    fixture.service.clock.advance_secs(60);
    for job in ["orders", "reconcile"] {
        fixture.service.run_job(job).await;
        assert_eq!(status(fixture, &payment).await, "completed", "{job}");
    }
    double.report(fixture, &paid).await;
    assert_eq!((fixture.completed_payments().await.len(), wallet_movements(fixture).await), (1, (0, 0)));
}

/// Whatever happens to the first calls, the payer gets the money once: at the source.
async fn a_refund_is_paid_once<D: Double>(double: &D, fixture: &Fixture, next: &[Trouble]) {
    let payment = start(fixture).await;
    let paid = double.pay(fixture, text(&payment["checkout"], "order_id"));
    double.report(fixture, &paid).await;
    cancel(fixture, &payment, "source").await;
    double.trouble(next);
    let mut runs = 0;
    while runs < 20 && text(&refund(fixture, &payment).await, "status") != "done" {
        send_due(fixture).await;
        assert_eq!(wallet_movements(fixture).await, (0, 0), "{next:?}");
        runs += 1;
    }
    assert_eq!(double.refunded(), 50_000, "{next:?} after {runs} runs");
    let done = refund(fixture, &payment).await;
    assert_eq!((text(&done, "status"), done["unknown_since"].is_null()), ("done", true), "{next:?}");
    fixture.service.run_job("reconcile").await;
    assert_eq!((double.refunded(), wallet_movements(fixture).await), (50_000, (0, 0)), "{next:?}");
}

async fn run_all<D: Double>() {
    let double = D::default();
    let fixture = double.fixture(&[]).await;
    an_order_is_created_once(&double, &fixture).await;
    fixture.service.finish().await;
    let double = D::default();
    let fixture = double.fixture(&[]).await;
    a_capture_is_found(&double, &fixture).await;
    fixture.service.finish().await;
    // The last one opens the circuit breaker.
    for next in [&[Fail][..], &[Lose], &[Lose, Fail, Fail], &[Fail, Fail, Fail, Fail, Fail, Fail, Fail, Fail]] {
        let double = D::default();
        let fixture = double.fixture(&[]).await;
        a_refund_is_paid_once(&double, &fixture, next).await;
        fixture.service.finish().await;
    }
}

/// As [`run_all`], each on a database of its own.
async fn run_all_on_mariadb<D: Double>() {
    with_database(async |url| {
        let double = D::default();
        let fixture = double.fixture(&[("DATABASE_URL", &url)]).await;
        an_order_is_created_once(&double, &fixture).await;
        fixture.service.finish().await;
    })
    .await;
    with_database(async |url| {
        let double = D::default();
        let fixture = double.fixture(&[("DATABASE_URL", &url)]).await;
        a_capture_is_found(&double, &fixture).await;
        fixture.service.finish().await;
    })
    .await;
    with_database(async |url| {
        let double = D::default();
        let fixture = double.fixture(&[("DATABASE_URL", &url)]).await;
        a_refund_is_paid_once(&double, &fixture, &[Lose, Fail, Fail]).await;
        fixture.service.finish().await;
    })
    .await;
}

#[tokio::test]
async fn outages_of_razorpay_lose_nothing_and_charge_nothing_twice() {
    run_all::<Razorpay>().await;
}

#[tokio::test]
async fn outages_of_stripe_lose_nothing_and_charge_nothing_twice() {
    run_all::<Stripe>().await;
}

#[tokio::test]
async fn outages_of_razorpay_lose_nothing_on_services() {
    run_all_on_mariadb::<Razorpay>().await;
}

#[tokio::test]
async fn outages_of_stripe_lose_nothing_on_services() {
    run_all_on_mariadb::<Stripe>().await;
}
