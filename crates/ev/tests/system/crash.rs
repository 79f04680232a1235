//! `kill -9` of the whole platform in the middle of a burst of payments, as often as it takes.
//!
//! The clients do what clients do: a request without an answer is sent again with its `Idempotency-Key`, a
//! webhook without a 2xx is delivered again. Nothing else helps the platform over the gap.

use crate::books::{Booked, Dice, Paid, Played, compare};
use crate::process::Process;
use crate::world::{PATIENCE, Person, World, short_id};
use chassis::Env;
use domain::Money;
use ev::demo::client::Client as Story;
use futures_util::StreamExt;
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::Client;
use tokio::sync::watch;

const MEMBERS: usize = 8;
const PAYMENTS_EACH: usize = 3;
/// About as many requests are sent and answered in a burst, so that most kills fall into it.
const STEPS: usize = 150;
const AGAIN: Duration = Duration::from_millis(20);

/// The clients' side of the burst. It counts what is sent and what is answered, so that the killer knows where it is.
struct Burst {
    steps: watch::Sender<usize>,
    gateway: Client,
    story: Story,
    vehicle: String,
}

impl Burst {
    fn step(&self) {
        self.steps.send_modify(|n| *n += 1);
    }
    /// Sends until there is an answer, as a careful client does.
    async fn persist(&self, what: &str, request: impl Fn() -> RequestBuilder) -> Value {
        let started = Instant::now();
        loop {
            self.step();
            let answer = async {
                let response = request().send().await?;
                Ok::<_, reqwest::Error>((response.status(), response.text().await?))
            };
            if let Ok((status, text)) = answer.await {
                self.step();
                let later = status.is_server_error() || text.contains("idempotency.in_progress");
                assert!(later || status.is_success(), "{what}: {status} {text}");
                if status.is_success() {
                    return serde_json::from_str(&text).unwrap();
                }
            }
            assert!(started.elapsed() < PATIENCE, "{what}: no answer");
            tokio::time::sleep(AGAIN).await;
        }
    }
    /// A POST that may be repeated.
    async fn post(&self, person: &Person, path: &str, body: Value) -> Value {
        let key = short_id();
        let request = || person.http.request(Method::POST, path).header("Idempotency-Key", key.as_str()).json(&body);
        self.persist(path, request).await
    }
    async fn webhook(&self, order: &str, payment: &str, amount: &str) {
        let body = json!({
            "event": "payment.captured", "order_id": order, "gateway_payment_id": format!("pay_{payment}"), "amount": amount,
        })
        .to_string();
        let request = || {
            let post = self.gateway.request(Method::POST, "/payments/webhooks/sandbox");
            post.header("Content-Type", "application/json")
                .header("X-Sandbox-Signature", self.story.signature(&body))
                .body(body.clone())
        };
        self.persist("webhook", request).await;
    }
    /// One member's part: a booking, payments with repeated webhooks, now and then a cancellation.
    async fn play(&self, mut member: Played, mut dice: Dice) -> Played {
        let wanted = json!({ "vehicle_id": self.vehicle, "booking_amount": "500.00" });
        let booking = self.post(&member.person, "/bookings", wanted).await;
        let booking = booking["id"].as_str().unwrap().to_owned();
        member.bookings.push(Booked { id: booking.clone(), open: true });
        for _ in 0..PAYMENTS_EACH {
            let amount = ["500.00", "4500.00", "5000.00", "0.37", "12.34"][dice.next(5)];
            let path = format!("/bookings/{booking}/payments");
            let payment = self.post(&member.person, &path, json!({ "amount": amount, "method": "online" })).await;
            let (id, order) = (payment["id"].as_str().unwrap(), payment["checkout"]["order_id"].as_str().unwrap());
            join_all((0..=dice.next(3)).map(|_| self.webhook(order, id, amount))).await;
            let paise = amount.parse::<Money>().unwrap().paise();
            member.payments.push(Paid { id: id.to_owned(), paise, method: "online", booking: 0, refunded: false });
        }
        if dice.next(4) == 0 {
            let reason = json!({ "reason": "changed my mind", "refund_to": "wallet" });
            self.post(&member.person, &format!("/bookings/{booking}/cancel"), reason).await;
            member.called_off(0);
        }
        member
    }
}

/// Kills and restarts when so many steps are made, and so many milliseconds later: answers come at the end of
/// transactions, and their middle is a little later.
async fn kill_at(process: &Process, burst: &Burst, kills: &[(usize, u64)]) {
    let mut steps = burst.steps.subscribe();
    for (at, pause) in kills {
        steps.wait_for(|step| step >= at).await.unwrap();
        tokio::time::sleep(Duration::from_millis(*pause)).await;
        process.kill();
        process.run().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_survive_kill_9_at_any_point_of_a_burst_of_payments() {
    let first: u64 = Env::from_process().parse_or("EV_SEED", 20_261_122).unwrap();
    let seeds = (first..first + 10).map(survive);
    futures_util::stream::iter(seeds).buffer_unordered(4).collect::<Vec<()>>().await;
}

async fn survive(seed: u64) {
    let mut dice = Dice(seed);
    let process = Process::start().await;
    let world = World::process(&process.url());
    // Both sign in now: nobody may ask for a code twice within half a minute, and codes are not kept.
    world.staff().await;
    let mut members: Vec<Played> = Vec::new();
    for n in 0..MEMBERS {
        let referrer = n.checked_sub(1).map(|most| dice.next(most + 1));
        let person = world.member(referrer.map(|r| &members[r].person)).await;
        members.push(Played::new(person, referrer, None));
    }
    let mut kills = [0, 1].map(|_| (dice.next(STEPS), u64::try_from(dice.next(25)).unwrap()));
    kills.sort_unstable();
    eprintln!("seed {seed}: killed at {kills:?} (steps, then ms), and after the last answer");
    let burst = Burst {
        steps: watch::Sender::new(0),
        gateway: world.anonymous(),
        story: world.story(),
        vehicle: world.vehicle().await,
    };
    let plays = members.into_iter().map(|member| {
        let own = Dice(u64::try_from(dice.next(usize::MAX)).unwrap());
        burst.play(member, own)
    });
    let plays = join_all(plays);
    let all = async {
        let members = plays.await;
        // A short burst is over before its last kill.
        burst.steps.send_replace(usize::MAX);
        members
    };
    let (members, ()) = tokio::join!(all, kill_at(&process, &burst, &kills));
    // Everything is answered, and most of it has not taken effect yet.
    process.kill();
    process.run().await;
    process.drain().await;
    for member in &members {
        let made = member.person.http.get("/payments?limit=100").await.expect(200)["items"].as_array().unwrap().len();
        assert_eq!(made, member.payments.len(), "seed {seed}: a repeated request made a payment of its own");
    }
    compare(&world, &[(seed, members)]).await;
    world.check_books().await;
    process.assert_nothing_parked(&format!("seed {seed}")).await;
}
