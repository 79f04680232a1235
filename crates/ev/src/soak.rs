//! The soak test: a steady load on a running platform, disturbances in its middle, and a judgement by counts.
//!
//! Read in this order: `load` (what is done how often), `operations` and `reads` (each operation), `api` (requests,
//! retried while the platform is disturbed), `member` (what the driver knows), `disturbance`, `sampler` with `process`
//! and `database` (what is measured), `judge` (whether the platform held: a pure function over samples), `books` (the
//! platform's books beside what the driver did), `chart` (the curves), `preload` (a large ledger to begin with).

mod api;
mod books;
mod chart;
mod database;
mod dice;
mod disturbance;
mod fetch;
mod finish;
mod judge;
mod load;
mod member;
mod meter;
mod operations;
pub mod preload;
mod process;
mod reads;
mod sample;
mod sampler;
mod streams;

use crate::cli::say;
use crate::demo::client::text;
use api::{Api, Request};
use chassis::service::BootError;
use clap::Args;
use database::{Broker, Database};
use dice::Dice;
use disturbance::Disturbance;
use judge::{Bounds, Check, Seen, judge};
use member::Person;
use meter::{Meter, Totals};
use operations::Load;
use process::Watched;
use sampler::{Sampler, Sources};
use serde_json::json;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Members with an open stream.
const STREAMS: usize = 6;
const FIRST_MEMBERS: usize = 10;
const START: Duration = Duration::from_mins(2);

/// What scripts/soak says about the platform it started.
#[derive(Debug, Args)]
pub struct SoakArguments {
    #[arg(long)]
    url: String,
    /// Where one-time codes can be read, if not on the platform itself.
    #[arg(long)]
    messages_url: Option<String>,
    #[arg(long, default_value_t = 20)]
    minutes: u32,
    /// Operations a second.
    #[arg(long, default_value_t = 10)]
    rate: u32,
    #[arg(long, default_value_t = 20_261_129)]
    seed: u64,
    /// A process of the platform: its name and the file with its id.
    #[arg(long = "process", value_parser = named)]
    processes: Vec<(String, String)>,
    /// A process of a server, whose memory is shown and not judged.
    #[arg(long = "server", value_parser = named)]
    servers: Vec<(String, String)>,
    /// A service and its database.
    #[arg(long = "database", value_parser = named)]
    databases: Vec<(String, String)>,
    /// The broker, where there is one.
    #[arg(long)]
    broker: Option<String>,
    #[arg(long, default_value = "ev")]
    broker_namespace: String,
    /// An address that answers with success when a part of the platform is ready.
    #[arg(long = "ready")]
    ready: Vec<String>,
    /// What happens in the middle of the run: a name and a command for the shell.
    #[arg(long = "disturbance", value_parser = named)]
    disturbances: Vec<(String, String)>,
    /// Seconds after the end of the load in which everything has to be worked off.
    #[arg(long, default_value_t = 15)]
    settle_secs: u64,
    /// Seconds after which the platform is judged though queues are not empty.
    #[arg(long, default_value_t = 90)]
    settle_at_most_secs: u64,
}

fn named(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn failed(error: impl Display) -> BootError {
    BootError::Failed(error.to_string())
}

/// Runs the whole soak test; fails where the platform did not hold.
pub async fn run(arguments: SoakArguments, secret: &str, admin: &str) -> Result<(), BootError> {
    let duration = Duration::from_secs(u64::from(arguments.minutes) * 60);
    let meter = Arc::<Meter>::default();
    if !disturbance::is_ready_within(&arguments.ready, START).await {
        return Err(failed("the platform is not ready"));
    }
    let mut dice = Dice::new(arguments.seed);
    let messages_url = arguments.messages_url.as_ref().unwrap_or(&arguments.url);
    let api = Api::new(&arguments.url, messages_url, secret, Arc::clone(&meter)).map_err(failed)?;
    let prepared = prepare(api, admin).await;
    let load = Arc::new(prepared.map_err(|e| failed(format!("{e}; {:?}", meter.totals().failures)))?);
    for _ in 0..FIRST_MEMBERS {
        load.register(&mut dice).await.map_err(|e| failed(format!("{e:?}; {:?}", meter.totals().failures)))?;
    }
    let streams: Vec<_> =
        (0..STREAMS).filter_map(|n| load.members.person(n)).map(|(_, person)| streams::open(&load, person)).collect();
    let sources = Arc::new(sources(&arguments, &meter).await?);
    let every = Duration::from_secs(if arguments.minutes < 10 { 3 } else { 10 });
    let sampler = Sampler::start(Arc::clone(&sources), every);
    say(&format!("{} operations a second for {} minutes", arguments.rate, arguments.minutes));

    let disturbances = arguments
        .disturbances
        .iter()
        .map(|(name, command)| Disturbance { name: name.clone(), command: command.clone() });
    let (ready, watched) = (arguments.ready.clone(), Arc::clone(&meter));
    let disturbing = tokio::spawn(disturbance::run(disturbances.collect(), ready, duration, watched));
    let begun = Instant::now();
    let planned = load::run(&load, duration, Duration::from_secs(1) / arguments.rate.max(1), &mut dice).await;
    let not_recovered = disturbing.await.map_err(failed)?;
    let totals = meter.totals();
    say(&format!("the load ended after {} s; work left is done", begun.elapsed().as_secs()));
    let ended = chassis::clock::Clock::now(&chassis::clock::SystemClock);
    let mut samples = sampler.finish().await;
    samples.push(finish::settle(&sources, &meter, (arguments.settle_secs, arguments.settle_at_most_secs)).await);

    say(&format!("settled after {} s; the books are compared", begun.elapsed().as_secs()));
    let unsealed = finish::unsealed(&sources.databases, ended).await;
    let mut books = vec![finish::of_streams(&load, streams).await];
    books.extend(finish::of_databases(&arguments.databases).await);
    books.extend(finish::of_books(&load).await);
    let load = Arc::into_inner(load).ok_or_else(|| failed("an operation is still under way"))?;
    books.extend(finish::of_members(load).await);
    let own = arguments.processes.iter().map(|(name, _)| name.clone()).collect();
    let completed = totals.operations;
    // What went wrong after the load counts too.
    let failures = meter.totals().failures;
    let seen = Seen { duration, planned, completed, failures, not_recovered, unsealed, samples, own };
    let mut checks = judge(&seen, &Bounds::default());
    checks.extend(books);
    report(&seen, &totals, &checks)
}

/// Signs the administrator in and makes a member of staff.
async fn prepare(api: Api, admin: &str) -> Result<Load, BootError> {
    let cannot = |e: api::Refusal| failed(format!("{e:?}"));
    let run = chassis::id::fresh::<domain::EventId>().to_string();
    let tag = run.rsplit('-').next().unwrap_or("soak").to_owned();
    let administrator = Person::new(admin, api.sign_in(admin, "Administrator", None).await.map_err(cannot)?);
    let token = administrator.token(&api).await.map_err(cannot)?;
    let email = format!("staff.{tag}@example.in");
    let staff = json!({ "email": email, "name": "Staff", "role": "staff" });
    api.send(&Request::post("/users", token.clone(), &staff)).await.map_err(cannot)?;
    let staff = Person::new(&email, api.sign_in(&email, "Staff", None).await.map_err(cannot)?);
    let vehicles = api.send(&Request::get("/vehicles?limit=100", token)).await.map_err(cannot)?;
    let price = |vehicle: &&serde_json::Value| {
        vehicle.get("price").and_then(|p| p.as_str()).map(operations::money).unwrap_or_default()
    };
    let dearest =
        vehicles.pointer("/items").and_then(|items| items.as_array()).and_then(|v| v.iter().max_by_key(price));
    let dearest = dearest.ok_or_else(|| failed("there is no vehicle"))?;
    let vehicle = text(dearest, "/id", "GET /vehicles").map_err(failed)?;
    Ok(Load { api, members: member::Members::default(), admin: administrator, staff, vehicle, tag })
}

async fn sources(arguments: &SoakArguments, meter: &Arc<Meter>) -> Result<Sources, BootError> {
    let mut databases = Vec::new();
    for (service, url) in &arguments.databases {
        databases.push(Database::connect(service, url).await?);
    }
    let watched = |(name, file): &(String, String)| Watched { name: name.clone(), pid_file: PathBuf::from(file) };
    let broker = arguments.broker.as_ref();
    Ok(Sources {
        processes: arguments.processes.iter().chain(&arguments.servers).map(watched).collect(),
        databases,
        broker: broker.map(|url| Broker { url: url.clone(), namespace: arguments.broker_namespace.clone() }),
        meter: Arc::clone(meter),
        started: Instant::now(),
    })
}

fn report(seen: &Seen, totals: &Totals, checks: &[Check]) -> Result<(), BootError> {
    chart::draw(&seen.samples).iter().for_each(|line| say(line));
    chart::compare(&seen.samples).iter().for_each(|line| say(line));
    let kinds: Vec<String> = totals.by_kind.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    say(&format!(
        "{} operations ({}), {} requests, {} retried in a disturbance, {} told to wait (429), {} operations left out",
        totals.operations,
        kinds.join(", "),
        totals.requests,
        totals.retries,
        totals.throttles,
        totals.skipped
    ));
    for check in checks {
        let word = if check.held { "ok" } else { "FAILED" };
        let detail = if check.detail.is_empty() { String::new() } else { format!(": {}", check.detail) };
        say(&format!("{word}: {}{detail}", check.name));
    }
    let failures = checks.iter().filter(|check| !check.held).count();
    say(&format!("{} checks passed, {failures} failed", checks.len().saturating_sub(failures)));
    if failures == 0 { Ok(()) } else { Err(failed("the platform did not hold")) }
}
