//! How fast first payments settle: from the gateway's webhook to the last wallet posting, over HTTP alone; and how fast
//! bookings are taken.
//!
//! Wants a platform nobody else uses at the time: it waits for the company's accounts to show exactly what its own
//! members' payments must have cost. The members stand below a sponsor of this run, who is placed before the
//! measurement; what members above the sponsor earn by them is counted too.

use crate::cli::say;
use crate::demo::client::{Client, ClientError, Session, text};
use domain::Money;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};

const AMOUNT: &str = "500.00";
/// Five per cent of it, in paise.
const BONUS: i64 = 2_500;
const PAIR: i64 = 50_000;
const PAIRS_A_MONTH: u64 = 10;
const PATIENCE: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(50);
/// The accounts have stood still for this long when the sum of pairs is worth asking for.
const QUIET: Duration = Duration::from_secs(1);

pub struct Plan {
    pub url: String,
    pub messages_url: String,
    pub secret: String,
    pub admin: String,
    pub members: usize,
    /// Requests under way at once.
    pub at_once: usize,
}

/// Somebody whose customer is about to pay.
#[derive(Clone)]
struct Buyer {
    session: Session,
    order_id: String,
    payment_id: String,
}

pub async fn run(plan: &Plan) -> Result<(), ClientError> {
    let client = Client::new(&plan.url, &plan.messages_url, &plan.secret)?;
    let staff = client.sign_in(&plan.admin, "Administrator", None).await?;
    let tree = Tree::below_a_new_sponsor(&client, &staff).await?;
    let started = Instant::now();
    let buyers = prepare(&client, plan, &tree.sponsor.session.referral_code).await?;
    say(&format!("{} members signed up, booked and ordered in {} ms", buyers.len(), started.elapsed().as_millis()));

    let bare = (0..plan.members.saturating_mul(4)).map(|_| {
        let client = client.clone();
        async move { client.alive().await }
    });
    let started = Instant::now();
    let requests = spread(plan.at_once, bare).await?.len();
    let baseline = tenths_a_second(requests, started.elapsed());
    say(&format!("baseline: {} GET /health/live a second, {} at once", tenths(baseline), plan.at_once));

    let before = spent(&staff).await?;
    let burst = Instant::now();
    let watching = tokio::spawn(watch(staff, before, burst, buyers.clone(), tree));
    let mut latencies = spread(plan.at_once, buyers.iter().cloned().map(pay)).await?;
    let answered = burst.elapsed();
    let settled = watching.await.map_err(|e| ClientError::TooLate(e.to_string()))??;

    latencies.sort_unstable();
    let percentile = |p: usize| latencies.get(latencies.len().saturating_mul(p) / 100).map_or(0, Duration::as_millis);
    let rate = tenths_a_second(buyers.len(), settled);
    say(&format!(
        "webhooks: all answered after {} ms, {} a second; p50 {} ms, p99 {} ms",
        answered.as_millis(),
        tenths(tenths_a_second(buyers.len(), answered)),
        percentile(50),
        percentile(99),
    ));
    say(&format!(
        "settled:  {} first payments after {} ms: {} payments a second, {} of the baseline's rate per mille",
        buyers.len(),
        settled.as_millis(),
        tenths(rate),
        rate.saturating_mul(1000) / baseline.max(1),
    ));
    bookings(&client, plan, &buyers).await
}

/// How many bookings a second are taken; none of them is paid.
async fn bookings(client: &Client, plan: &Plan, buyers: &[Buyer]) -> Result<(), ClientError> {
    let vehicle = vehicle(client).await?;
    let bookings = buyers.iter().cycle().take(plan.members.saturating_mul(4)).map(|buyer| {
        let (session, vehicle) = (buyer.session.clone(), vehicle.clone());
        async move { session.book(&vehicle, AMOUNT, None).await }
    });
    let started = Instant::now();
    let booked = spread(plan.at_once, bookings).await?.len();
    let rate = tenths_a_second(booked, started.elapsed());
    say(&format!("bookings: {} POST /bookings a second, {} at once", tenths(rate), plan.at_once));
    Ok(())
}

/// Where the buyers of a run are placed.
struct Tree {
    sponsor: Buyer,
    /// Members between the sponsor and the company, with the pairs that each had before.
    above: Vec<(String, i64)>,
}

impl Tree {
    async fn below_a_new_sponsor(client: &Client, staff: &Session) -> Result<Self, ClientError> {
        let sponsor =
            join(client.clone(), format!("sponsor.{}@example.in", tag()), None, vehicle(client).await?).await?;
        pay(sponsor.clone()).await?;
        let place = client
            .until("the sponsor's place", async || match sponsor.session.get("/binary/me").await {
                Ok(node) => Ok(Some(node)),
                Err(ClientError::Refused { status, .. }) if status.as_u16() == 404 => Ok(None),
                Err(error) => Err(error),
            })
            .await?;
        let (mut above, mut parent) = (Vec::new(), place.get("parent_id").and_then(Value::as_str).map(str::to_owned));
        while let Some(user) = parent {
            let node = staff.get(&format!("/binary/nodes/{user}")).await?;
            parent = node.get("parent_id").and_then(Value::as_str).map(str::to_owned);
            above.push((user, pairs_of(&node)));
        }
        settled(staff).await?;
        Ok(Self { sponsor, above })
    }

    /// Pairs that members above the sponsor have earned since.
    async fn pairs_above(&self, staff: &Session) -> Result<i64, ClientError> {
        let mut pairs = 0_i64;
        for (user, before) in &self.above {
            let node = staff.get(&format!("/binary/nodes/{user}")).await?;
            pairs = pairs.saturating_add(pairs_of(&node).saturating_sub(*before));
        }
        Ok(pairs)
    }
}

fn pairs_of(node: &Value) -> i64 {
    node.get("pairs_total").and_then(Value::as_i64).unwrap_or_default()
}

/// Waits until the company's expenses stand still.
async fn settled(staff: &Session) -> Result<(), ClientError> {
    let (mut last, mut since) = (spent(staff).await?, Instant::now());
    while since.elapsed() < QUIET {
        tokio::time::sleep(POLL).await;
        let now = spent(staff).await?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(())
}

/// Keeps members of several runs apart.
fn tag() -> String {
    let run = chassis::id::fresh::<domain::UserId>().to_string();
    run.get(run.len().saturating_sub(8)..).unwrap_or("bench").to_owned()
}

async fn vehicle(client: &Client) -> Result<String, ClientError> {
    text(&client.get("/vehicles?limit=1").await?, "/items/0/id", "GET /vehicles")
}

/// Members referring each other, every one with an order that waits for the gateway. The sponsor refers the first.
async fn prepare(client: &Client, plan: &Plan, sponsor: &str) -> Result<Vec<Buyer>, ClientError> {
    let (vehicle, tag) = (vehicle(client).await?, tag());
    let mut buyers: Vec<Buyer> = Vec::new();
    while buyers.len() < plan.members {
        let wave = buyers.len().clamp(1, plan.at_once).min(plan.members.saturating_sub(buyers.len()));
        let joining: Vec<_> = (buyers.len()..buyers.len().saturating_add(wave))
            .map(|n| {
                let referrer = buyers.get(scattered(n, buyers.len())).map(|b| b.session.referral_code.as_str());
                let referrer = Some(referrer.unwrap_or(sponsor).to_owned());
                join(client.clone(), format!("bench{n}.{tag}@example.in"), referrer, vehicle.clone())
            })
            .collect();
        buyers.extend(spread(plan.at_once, joining).await?);
    }
    Ok(buyers)
}

/// The same "random" earlier member in every run, so that runs can be compared.
fn scattered(n: usize, below: usize) -> usize {
    n.wrapping_mul(2_654_435_761).checked_rem(below).unwrap_or(0)
}

async fn join(client: Client, email: String, referrer: Option<String>, vehicle: String) -> Result<Buyer, ClientError> {
    let session = client.sign_in(&email, "Bench", referrer.as_deref()).await?;
    let booking = session.book(&vehicle, AMOUNT, None).await?;
    let path = format!("/bookings/{booking}/payments");
    let payment = session.post(&path, json!({ "amount": AMOUNT, "method": "online" })).await?;
    let order_id = text(&payment, "/checkout/order_id", &path)?;
    let payment_id = text(&payment, "/id", &path)?;
    Ok(Buyer { session, order_id, payment_id })
}

async fn pay(buyer: Buyer) -> Result<Duration, ClientError> {
    let started = Instant::now();
    buyer.session.client.capture(&buyer.order_id, &format!("pay_{}", buyer.payment_id), AMOUNT).await?;
    Ok(started.elapsed())
}

/// What referrals and pairs have cost the company so far, in paise.
async fn spent(staff: &Session) -> Result<(i64, i64), ClientError> {
    let accounts = staff.get("/ledger/accounts").await?;
    let of = |name: &str| {
        let items = accounts.pointer("/items").and_then(Value::as_array)?;
        let item = items.iter().find(|i| i.get("account").and_then(Value::as_str) == Some(name))?;
        let balance = item.get("balance")?.as_str()?.parse::<Money>().ok()?;
        Some(balance.paise().saturating_abs())
    };
    let missing = |field: &str| ClientError::Missing { what: "GET /ledger/accounts".into(), field: field.into() };
    let sum = |name: &str| of(name).ok_or_else(|| missing(name));
    Ok((sum("company:referral_expense")?, sum("company:pair_expense")?))
}

/// Waits until every bonus and every pair is posted; answers when the last one was seen.
async fn watch(
    staff: Session,
    before: (i64, i64),
    burst: Instant,
    buyers: Vec<Buyer>,
    tree: Tree,
) -> Result<Duration, ClientError> {
    let referred = i64::try_from(buyers.len()).unwrap_or(i64::MAX);
    let bonuses = before.0.saturating_add(referred.saturating_mul(BONUS));
    let (mut last, mut changed) = (before, burst.elapsed());
    while burst.elapsed() < PATIENCE {
        tokio::time::sleep(POLL).await;
        let asked = burst.elapsed();
        let now = spent(&staff).await?;
        if now != last {
            (last, changed) = (now, asked);
        }
        let quiet = burst.elapsed().saturating_sub(changed) > QUIET;
        if quiet && now.0 == bonuses {
            let own = pairs_due(std::iter::once(&tree.sponsor).chain(&buyers)).await?;
            let above = tree.pairs_above(&staff).await?;
            let pairs = own.map(|own| own.saturating_add(above));
            if pairs.map(|pairs| before.1.saturating_add(pairs.saturating_mul(PAIR))) == Some(now.1) {
                return Ok(changed);
            }
        }
    }
    Err(ClientError::TooLate("the settlement of all payments".into()))
}

/// How many pairs the tree owes its members; nothing while somebody waits for a place.
async fn pairs_due(buyers: impl Iterator<Item = &Buyer>) -> Result<Option<i64>, ClientError> {
    let mut pairs = 0_i64;
    for buyer in buyers {
        let Ok(node) = buyer.session.get("/binary/me").await else { return Ok(None) };
        let leg = |field: &str| node.get(field).and_then(Value::as_u64).unwrap_or_default();
        let own = leg("left_count").min(leg("right_count")).min(PAIRS_A_MONTH);
        pairs = pairs.saturating_add(i64::try_from(own).unwrap_or(i64::MAX));
    }
    Ok(Some(pairs))
}

/// Runs all of them, so many at once, and stops at the first error. The answers come in the order of the jobs.
/// One thread is enough for a client, and leaves the other to the platform.
async fn spread<T: 'static, F>(at_once: usize, jobs: impl IntoIterator<Item = F>) -> Result<Vec<T>, ClientError>
where
    F: Future<Output = Result<T, ClientError>> + 'static,
{
    let room = Arc::new(Semaphore::new(at_once));
    let local = LocalSet::new();
    let mut running = JoinSet::new();
    for (n, job) in jobs.into_iter().enumerate() {
        let room = Arc::clone(&room);
        let placed = async move {
            // The semaphore is never closed; without a permit the job would only run too early.
            let _place = room.acquire_owned().await.ok();
            (n, job.await)
        };
        running.spawn_local_on(placed, &local);
    }
    let all = async {
        let mut answers = Vec::new();
        while let Some(done) = running.join_next().await {
            let (n, answer) = done.map_err(|e| ClientError::TooLate(e.to_string()))?;
            answers.push((n, answer?));
        }
        Ok(answers)
    };
    let mut answers = local.run_until(all).await?;
    answers.sort_unstable_by_key(|(n, _)| *n);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

fn tenths_a_second(count: usize, took: Duration) -> u128 {
    u128::try_from(count).unwrap_or(u128::MAX).saturating_mul(10_000_000) / took.as_micros().max(1)
}

fn tenths(rate: u128) -> String {
    format!("{}.{}", rate / 10, rate % 10)
}
