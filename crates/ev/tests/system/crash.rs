//! `kill -9` of the whole platform in the middle of a burst of payments, as often as it takes.
//!
//! The clients do what clients do: a request without an answer is sent again with its `Idempotency-Key`, a
//! webhook without a 2xx is delivered again. Nothing else helps the platform over the gap.

use crate::books::{Dice, Played, compare};
use crate::world::{PATIENCE, Person, World, short_id};
use chassis::Env;
use db::{Db, DbConfig};
use domain::Money;
use ev::demo::client::Client as Story;
use futures_util::StreamExt;
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use testkit::Client;
use tokio::sync::watch;

const MEMBERS: usize = 8;
const PAYMENTS_EACH: usize = 3;
/// About as many requests are sent and answered in a burst, so that most kills fall into it.
const STEPS: usize = 150;
const AGAIN: Duration = Duration::from_millis(20);

/// `ev up` as a newcomer runs it: nothing is set but where.
struct Process {
    child: Mutex<Option<Child>>,
    address: String,
    data: PathBuf,
}

impl Process {
    async fn start() -> Self {
        let data = std::env::temp_dir().join(format!("ev-crash-{}", short_id()));
        std::fs::create_dir_all(&data).unwrap();
        let process = Self { child: Mutex::new(None), address: spare_address(), data };
        process.run().await;
        process
    }
    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
    async fn run(&self) {
        let log = std::fs::File::options().create(true).append(true).open(self.data.join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_ev"))
            .args(["up", "--addr", &self.address, "--data"])
            .arg(&self.data)
            .env_clear()
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        *self.child.lock().unwrap() = Some(child);
        let (http, started) = (chassis::http::client().unwrap(), Instant::now());
        let ready = format!("{}/health/ready", self.url());
        while !http.get(&ready).send().await.is_ok_and(|r| r.status().is_success()) {
            assert!(started.elapsed() < PATIENCE, "not ready:\n{}", self.log());
            tokio::time::sleep(AGAIN).await;
        }
    }
    /// SIGKILL: no handler runs, nothing is flushed.
    fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
    fn log(&self) -> String {
        std::fs::read_to_string(self.data.join("log")).unwrap_or_default()
    }
    fn database(&self, service: &str) -> String {
        format!("sqlite://{}", self.data.join(format!("{service}.db")).display())
    }
    /// Waits until every event has taken effect: the bus confirms one only after all its subscribers have.
    async fn drain(&self) {
        let started = Instant::now();
        let mut databases = Vec::new();
        for service in ev::services() {
            databases.push(Db::connect(&DbConfig::new(self.database(service.name))).await.unwrap());
        }
        let mut quiet = 0;
        while quiet < 3 {
            let mut busy = 0;
            for db in &databases {
                busy += chassis::events::relay::unsent(&mut db.read().await.unwrap()).await.unwrap();
            }
            quiet = if busy == 0 { quiet + 1 } else { 0 };
            assert!(started.elapsed() < PATIENCE, "{busy} events are still on their way:\n{}", self.log());
            tokio::time::sleep(AGAIN).await;
        }
    }
    async fn assert_nothing_parked(&self, what: &str) {
        for service in ev::services() {
            let env = Env::default().with("DATABASE_URL", self.database(service.name));
            let parked = ev::operate::list_parked(&env, service.name).await.unwrap();
            assert_eq!(parked, "0 parked", "{what}, {}", service.name);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let _gone = std::fs::remove_dir_all(&self.data);
    }
}

/// Below the range for outgoing connections: the port must still be free after the kill.
fn spare_address() -> String {
    let mut dice = Dice(chassis::id::fresh::<uuid::Uuid>().as_u64_pair().1);
    loop {
        let address = format!("127.0.0.1:{}", 20_000 + dice.next(12_000));
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}

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
        booking["id"].as_str().unwrap().clone_into(&mut member.booking);
        for _ in 0..PAYMENTS_EACH {
            let amount = ["500.00", "4500.00", "5000.00", "0.37", "12.34"][dice.next(5)];
            let path = format!("/bookings/{}/payments", member.booking);
            let payment = self.post(&member.person, &path, json!({ "amount": amount, "method": "online" })).await;
            let (id, order) = (payment["id"].as_str().unwrap(), payment["checkout"]["order_id"].as_str().unwrap());
            join_all((0..=dice.next(3)).map(|_| self.webhook(order, id, amount))).await;
            member.payments.push((id.to_owned(), amount.parse::<Money>().unwrap().paise(), false));
        }
        if dice.next(4) == 0 {
            let reason = json!({ "reason": "changed my mind", "refund_to": "wallet" });
            self.post(&member.person, &format!("/bookings/{}/cancel", member.booking), reason).await;
            member.open = false;
            member.payments.iter_mut().for_each(|payment| payment.2 = true);
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
        members.push(Played { person, referrer, booking: String::new(), payments: Vec::new(), open: true });
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
