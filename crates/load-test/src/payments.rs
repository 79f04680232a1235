//! Benchmark over HTTP: settlement rate of first payments, from the gateway's webhook to the last wallet posting, and
//! rate of new bookings.
//!
//! The platform must be otherwise unused: the benchmark waits until the company's expense accounts show exactly the
//! cost of its own members' payments. The members are below a new sponsor, who is placed before the measurement. Pairs
//! that they create for members above the sponsor are counted too.

use domain::Money;
use ev::demo::client::{Client, ClientError, Session, text};
use ev::output::print;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};

const AMOUNT: &str = "500.00";
/// Referral bonus of one payment (5 %), in paise.
const BONUS_PAISE: i64 = 2_500;
/// Gross earnings of one pair, in paise.
const PAIR_PAISE: i64 = 50_000;
const MAX_PAIRS_PER_MONTH: u64 = 10;
const SETTLE_TIMEOUT: Duration = Duration::from_secs(600);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Time without a change of the accounts after which the sum of pairs is compared.
const QUIET_PERIOD: Duration = Duration::from_secs(1);

/// Options of a benchmark.
pub struct Options {
    /// URL of the platform.
    pub url: String,
    /// URL of the messages page with one-time codes.
    pub messages_url: String,
    /// Webhook secret of the sandbox gateway.
    pub secret: String,
    /// E-mail address of the administrator.
    pub admin: String,
    /// Number of members.
    pub members: usize,
    /// Maximum number of concurrent requests.
    pub concurrency: usize,
}

/// A member with an open gateway order.
#[derive(Clone)]
struct Buyer {
    session: Session,
    order_id: String,
    payment_id: String,
}

/// Runs the benchmark and prints the results. Errors when a request fails or the payments do not settle in time.
pub async fn run(options: &Options) -> Result<(), ClientError> {
    let client = Client::new(&options.url, &options.messages_url, &options.secret)?;
    let staff = client.sign_in(&options.admin, "Administrator", None).await?;
    let tree = Tree::below_a_new_sponsor(&client, &staff).await?;
    let started = Instant::now();
    let buyers = prepare(&client, options, &tree.sponsor.session.referral_code).await?;
    print(&format!("{} members signed up, booked and ordered in {} ms", buyers.len(), started.elapsed().as_millis()));

    let baseline_requests = (0..options.members.saturating_mul(4)).map(|_| {
        let client = client.clone();
        async move { client.check_live().await }
    });
    let started = Instant::now();
    let requests = run_concurrently(options.concurrency, baseline_requests).await?.len();
    let baseline = tenths_per_second(requests, started.elapsed());
    print(&format!(
        "baseline: {} GET /health/live a second, concurrency {}",
        format_tenths(baseline),
        options.concurrency
    ));

    let before = expenses(&staff).await?;
    let burst_started = Instant::now();
    let settling = tokio::spawn(wait_for_settlement(staff, before, burst_started, buyers.clone(), tree));
    let mut latencies = run_concurrently(options.concurrency, buyers.iter().cloned().map(pay)).await?;
    let answered = burst_started.elapsed();
    let settled = settling.await.map_err(|e| ClientError::Timeout(e.to_string()))??;

    latencies.sort_unstable();
    let percentile = |p: usize| latencies.get(latencies.len().saturating_mul(p) / 100).map_or(0, Duration::as_millis);
    let rate = tenths_per_second(buyers.len(), settled);
    print(&format!(
        "webhooks: all answered after {} ms, {} a second; p50 {} ms, p99 {} ms",
        answered.as_millis(),
        format_tenths(tenths_per_second(buyers.len(), answered)),
        percentile(50),
        percentile(99),
    ));
    print(&format!(
        "settled:  {} first payments after {} ms: {} payments a second, {} per mille of the baseline",
        buyers.len(),
        settled.as_millis(),
        format_tenths(rate),
        rate.saturating_mul(1000) / baseline.max(1),
    ));
    bookings(&client, options, &buyers).await
}

/// Measures the rate of new bookings. None of them is paid.
async fn bookings(client: &Client, options: &Options, buyers: &[Buyer]) -> Result<(), ClientError> {
    let vehicle = vehicle(client).await?;
    let bookings = buyers.iter().cycle().take(options.members.saturating_mul(4)).map(|buyer| {
        let (session, vehicle) = (buyer.session.clone(), vehicle.clone());
        async move { session.book(&vehicle, AMOUNT, None).await }
    });
    let started = Instant::now();
    let booked = run_concurrently(options.concurrency, bookings).await?.len();
    let rate = tenths_per_second(booked, started.elapsed());
    print(&format!("bookings: {} POST /bookings a second, concurrency {}", format_tenths(rate), options.concurrency));
    Ok(())
}

/// Position of a run's members in the tree.
struct Tree {
    sponsor: Buyer,
    /// Members above the sponsor, with the number of their pairs before the run.
    upline: Vec<(String, i64)>,
}

impl Tree {
    async fn below_a_new_sponsor(client: &Client, staff: &Session) -> Result<Self, ClientError> {
        let sponsor =
            join(client.clone(), format!("sponsor.{}@example.in", tag()), None, vehicle(client).await?).await?;
        pay(sponsor.clone()).await?;
        let place = client
            .wait_for("the sponsor's placement", async || match sponsor.session.get("/binary/me").await {
                Ok(node) => Ok(Some(node)),
                Err(ClientError::Refused { status, .. }) if status.as_u16() == 404 => Ok(None),
                Err(error) => Err(error),
            })
            .await?;
        let (mut upline, mut parent) = (Vec::new(), place.get("parent_id").and_then(Value::as_str).map(str::to_owned));
        while let Some(user) = parent {
            let node = staff.get(&format!("/binary/nodes/{user}")).await?;
            parent = node.get("parent_id").and_then(Value::as_str).map(str::to_owned);
            upline.push((user, pairs_of(&node)));
        }
        wait_until_quiet(staff).await?;
        Ok(Self { sponsor, upline })
    }

    /// Pairs that the members above the sponsor have earned during the run.
    async fn upline_pairs(&self, staff: &Session) -> Result<i64, ClientError> {
        let mut pairs = 0_i64;
        for (user, before) in &self.upline {
            let node = staff.get(&format!("/binary/nodes/{user}")).await?;
            pairs = pairs.saturating_add(pairs_of(&node).saturating_sub(*before));
        }
        Ok(pairs)
    }
}

fn pairs_of(node: &Value) -> i64 {
    node.get("pairs_total").and_then(Value::as_i64).unwrap_or_default()
}

/// Waits until the company's expenses no longer change.
async fn wait_until_quiet(staff: &Session) -> Result<(), ClientError> {
    let (mut last, mut since) = (expenses(staff).await?, Instant::now());
    while since.elapsed() < QUIET_PERIOD {
        tokio::time::sleep(POLL_INTERVAL).await;
        let now = expenses(staff).await?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(())
}

/// Unique part of the members' addresses, so that runs do not collide.
fn tag() -> String {
    let run = runtime::id::fresh::<domain::UserId>().to_string();
    run.get(run.len().saturating_sub(8)..).unwrap_or("bench").to_owned()
}

async fn vehicle(client: &Client) -> Result<String, ClientError> {
    text(&client.get("/vehicles?limit=1").await?, "/items/0/id", "GET /vehicles")
}

/// Registers members who refer each other, each with an open gateway order. The sponsor refers the first one.
async fn prepare(client: &Client, options: &Options, sponsor: &str) -> Result<Vec<Buyer>, ClientError> {
    let (vehicle, tag) = (vehicle(client).await?, tag());
    let mut buyers: Vec<Buyer> = Vec::new();
    while buyers.len() < options.members {
        let wave = buyers.len().clamp(1, options.concurrency).min(options.members.saturating_sub(buyers.len()));
        let joining: Vec<_> = (buyers.len()..buyers.len().saturating_add(wave))
            .map(|n| {
                let referrer = buyers.get(scattered(n, buyers.len())).map(|b| b.session.referral_code.as_str());
                let referrer = Some(referrer.unwrap_or(sponsor).to_owned());
                join(client.clone(), format!("bench{n}.{tag}@example.in"), referrer, vehicle.clone())
            })
            .collect();
        buyers.extend(run_concurrently(options.concurrency, joining).await?);
    }
    Ok(buyers)
}

/// Pseudo-random index of an earlier member, the same in every run.
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

/// The company's referral and pair expenses, in paise.
async fn expenses(staff: &Session) -> Result<(i64, i64), ClientError> {
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

/// Waits until every bonus and every pair is posted, and returns the time of the last change. Errors after
/// `SETTLE_TIMEOUT`.
async fn wait_for_settlement(
    staff: Session,
    before: (i64, i64),
    burst_started: Instant,
    buyers: Vec<Buyer>,
    tree: Tree,
) -> Result<Duration, ClientError> {
    let referred = i64::try_from(buyers.len()).unwrap_or(i64::MAX);
    let bonuses = before.0.saturating_add(referred.saturating_mul(BONUS_PAISE));
    let (mut last, mut changed) = (before, burst_started.elapsed());
    while burst_started.elapsed() < SETTLE_TIMEOUT {
        tokio::time::sleep(POLL_INTERVAL).await;
        let asked = burst_started.elapsed();
        let now = expenses(&staff).await?;
        if now != last {
            (last, changed) = (now, asked);
        }
        let quiet = burst_started.elapsed().saturating_sub(changed) > QUIET_PERIOD;
        if quiet && now.0 == bonuses {
            let own = expected_pairs(std::iter::once(&tree.sponsor).chain(&buyers)).await?;
            let above = tree.upline_pairs(&staff).await?;
            let pairs = own.map(|own| own.saturating_add(above));
            if pairs.map(|pairs| before.1.saturating_add(pairs.saturating_mul(PAIR_PAISE))) == Some(now.1) {
                return Ok(changed);
            }
        }
    }
    Err(ClientError::Timeout("the settlement of all payments".into()))
}

/// Number of pairs that these members must have earned. `None` while a member is not placed.
async fn expected_pairs(buyers: impl Iterator<Item = &Buyer>) -> Result<Option<i64>, ClientError> {
    let mut pairs = 0_i64;
    for buyer in buyers {
        let Ok(node) = buyer.session.get("/binary/me").await else { return Ok(None) };
        let leg = |field: &str| node.get(field).and_then(Value::as_u64).unwrap_or_default();
        let own = leg("left_count").min(leg("right_count")).min(MAX_PAIRS_PER_MONTH);
        pairs = pairs.saturating_add(i64::try_from(own).unwrap_or(i64::MAX));
    }
    Ok(Some(pairs))
}

/// Runs all jobs with limited concurrency and returns their results in order. Stops at the first error. All jobs share
/// one thread, which leaves the other cores to the platform.
async fn run_concurrently<T: 'static, F>(
    concurrency: usize,
    jobs: impl IntoIterator<Item = F>,
) -> Result<Vec<T>, ClientError>
where
    F: Future<Output = Result<T, ClientError>> + 'static,
{
    let capacity = Arc::new(Semaphore::new(concurrency));
    let local = LocalSet::new();
    let mut running = JoinSet::new();
    for (n, job) in jobs.into_iter().enumerate() {
        let capacity = Arc::clone(&capacity);
        let limited = async move {
            // The semaphore is never closed, so there is always a permit.
            let _permit = capacity.acquire_owned().await.ok();
            (n, job.await)
        };
        running.spawn_local_on(limited, &local);
    }
    let all = async {
        let mut results = Vec::new();
        while let Some(joined) = running.join_next().await {
            let (n, result) = joined.map_err(|e| ClientError::Timeout(e.to_string()))?;
            results.push((n, result?));
        }
        Ok(results)
    };
    let mut results = local.run_until(all).await?;
    results.sort_unstable_by_key(|(n, _)| *n);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// Rate in tenths per second.
fn tenths_per_second(count: usize, took: Duration) -> u128 {
    u128::try_from(count).unwrap_or(u128::MAX).saturating_mul(10_000_000) / took.as_micros().max(1)
}

fn format_tenths(rate: u128) -> String {
    format!("{}.{}", rate / 10, rate % 10)
}
