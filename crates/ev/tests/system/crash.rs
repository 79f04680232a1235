//! Crash test: `kill -9` of the whole platform during a burst of payments.
//!
//! Clients retry as usual: a request without a response is sent again with its `Idempotency-Key`, a webhook without a
//! 2xx is delivered again.

use crate::comparison::{RecordedBooking, RecordedMember, RecordedPayment, SeededRng, compare};
use crate::platform::{EFFECT_TIMEOUT, TestPlatform, TestUser, short_id};
use crate::process::Process;
use crate::reconcile::assert_services_agree;
use domain::Money;
use ev::demo::client::Client as DemoClient;
use futures_util::StreamExt;
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, StatusCode};
use runtime::Env;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::Client;
use tokio::sync::watch;

const MEMBERS: usize = 8;
const PAYMENTS_EACH: usize = 3;
/// Approximate number of requests and responses in a burst; kills happen within it.
pub(crate) const STEPS_PER_BURST: usize = 150;
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Clients of a burst. It counts requests and responses, which time the kills.
pub(crate) struct Burst {
    steps: watch::Sender<usize>,
    gateway: Client,
    demo: DemoClient,
    vehicle: String,
}

impl Burst {
    fn record_step(&self) {
        self.steps.send_modify(|n| *n += 1);
    }
    /// Sends a request until there is a final response.
    async fn send_with_retries(&self, what: &str, request: impl Fn() -> RequestBuilder) -> Value {
        let started = Instant::now();
        loop {
            self.record_step();
            let answer = async {
                let response = request().send().await?;
                Ok::<_, reqwest::Error>((response.status(), response.text().await?))
            };
            if let Ok((status, text)) = answer.await {
                self.record_step();
                // On a busy machine the server may wait in vain for the rest of a request.
                let later = status.is_server_error()
                    || status == StatusCode::REQUEST_TIMEOUT
                    || text.contains("idempotency.in_progress");
                assert!(later || status.is_success(), "{what}: {status} {text}");
                if status.is_success() {
                    return serde_json::from_str(&text).unwrap();
                }
            }
            assert!(started.elapsed() < EFFECT_TIMEOUT, "{what}: no answer");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
    /// A POST with an idempotency key.
    async fn post(&self, person: &TestUser, path: &str, body: Value) -> Value {
        let key = short_id();
        let request = || person.http.request(Method::POST, path).header("Idempotency-Key", key.as_str()).json(&body);
        self.send_with_retries(path, request).await
    }
    async fn webhook(&self, order: &str, payment: &str, amount: &str) {
        let body = json!({
            "event": "payment.captured", "order_id": order, "gateway_payment_id": format!("pay_{payment}"), "amount": amount,
        })
        .to_string();
        let request = || {
            let post = self.gateway.request(Method::POST, "/payments/webhooks/sandbox");
            post.header("Content-Type", "application/json")
                .header("X-Sandbox-Signature", self.demo.signature(&body))
                .body(body.clone())
        };
        self.send_with_retries("webhook", request).await;
    }
    /// Runs all members' operations at the same time.
    pub(crate) async fn run(&self, members: Vec<RecordedMember>, rng: &mut SeededRng) -> Vec<RecordedMember> {
        let runs = members.into_iter().map(|member| {
            let own = SeededRng(u64::try_from(rng.next(usize::MAX)).unwrap());
            self.run_member(member, own)
        });
        let members = join_all(runs).await;
        // A short burst may end before the step that another task waits for.
        self.steps.send_replace(usize::MAX);
        members
    }
    /// Waits until the burst has made this many steps, or has ended.
    pub(crate) async fn reaches(&self, step: usize) {
        self.steps.subscribe().wait_for(|now| *now >= step).await.unwrap();
    }
    /// Runs one member's operations: a booking, payments with repeated webhooks, sometimes a cancellation.
    async fn run_member(&self, mut member: RecordedMember, mut rng: SeededRng) -> RecordedMember {
        let input = json!({ "vehicle_id": self.vehicle, "booking_amount": "500.00" });
        let booking = self.post(&member.person, "/bookings", input).await;
        let booking = booking["id"].as_str().unwrap().to_owned();
        member.bookings.push(RecordedBooking { id: booking.clone(), open: true });
        for _ in 0..PAYMENTS_EACH {
            let amount = ["500.00", "4500.00", "5000.00", "0.37", "12.34"][rng.next(5)];
            let path = format!("/bookings/{booking}/payments");
            let payment = self.post(&member.person, &path, json!({ "amount": amount, "method": "online" })).await;
            let (id, order) = (payment["id"].as_str().unwrap(), payment["checkout"]["order_id"].as_str().unwrap());
            join_all((0..=rng.next(3)).map(|_| self.webhook(order, id, amount))).await;
            let paise = amount.parse::<Money>().unwrap().paise();
            member.payments.push(RecordedPayment {
                id: id.to_owned(),
                paise,
                method: "online",
                booking: 0,
                refunded: false,
            });
        }
        if rng.next(4) == 0 {
            let reason = json!({ "reason": "changed my mind", "refund_to": "wallet" });
            self.post(&member.person, &format!("/bookings/{booking}/cancel"), reason).await;
            member.record_cancellation(0);
        }
        member
    }
}

/// Kills and restarts the platform at each given step count, after a delay in milliseconds. The delay makes kills fall
/// into transactions, because responses mark their ends.
async fn kill_at(process: &Process, burst: &Burst, kills: &[(usize, u64)]) {
    for (at, pause) in kills {
        burst.reaches(*at).await;
        tokio::time::sleep(Duration::from_millis(*pause)).await;
        process.kill();
        process.run().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_survives_kill_9_at_any_point_of_a_burst_of_payments() {
    let first: u64 = Env::from_process().parse_or("EV_SEED", 20_261_122).unwrap();
    let seeds = (first..first + 10).map(run_with_kills);
    futures_util::stream::iter(seeds).buffer_unordered(4).collect::<Vec<()>>().await;
}

/// A platform in a process of its own, with members, and what a burst of their operations needs.
pub(crate) struct Scene {
    pub(crate) process: Process,
    pub(crate) platform: TestPlatform,
    pub(crate) members: Vec<RecordedMember>,
    pub(crate) burst: Burst,
}

pub(crate) async fn start_with_members(rng: &mut SeededRng) -> Scene {
    let process = Process::start().await;
    let platform = TestPlatform::process(&process.url());
    // Both sign in now: a user may request only one code in 30 seconds, and a restart loses codes.
    platform.staff().await;
    let mut members: Vec<RecordedMember> = Vec::new();
    for n in 0..MEMBERS {
        let referrer = n.checked_sub(1).map(|most| rng.next(most + 1));
        let person = platform.member(referrer.map(|r| &members[r].person)).await;
        members.push(RecordedMember::new(person, referrer, None));
    }
    let burst = Burst {
        steps: watch::Sender::new(0),
        gateway: platform.anonymous(),
        demo: platform.demo_client(),
        vehicle: platform.vehicle().await,
    };
    Scene { process, platform, members, burst }
}

async fn run_with_kills(seed: u64) {
    let mut rng = SeededRng(seed);
    let Scene { process, platform, members, burst } = start_with_members(&mut rng).await;
    let mut kills = [0, 1].map(|_| (rng.next(STEPS_PER_BURST), u64::try_from(rng.next(25)).unwrap()));
    kills.sort_unstable();
    eprintln!("seed {seed}: kills at {kills:?} (steps, ms) and after the last response");
    let (members, ()) = tokio::join!(burst.run(members, &mut rng), kill_at(&process, &burst, &kills));
    // Every request has a response, and most effects are still pending.
    process.kill();
    process.run().await;
    process.drain().await;
    for member in &members {
        let made = member.person.http.get("/payments?limit=100").await.expect(200)["items"].as_array().unwrap().len();
        assert_eq!(made, member.payments.len(), "seed {seed}: a retried request created a second payment");
    }
    compare(&platform, &[(seed, members)]).await;
    platform.verify_ledger().await;
    assert_services_agree(&process);
    process.assert_nothing_parked(&format!("seed {seed}")).await;
}
