//! Soak test: a steady load on a running platform, with disturbances in the middle, followed by checks.
//!
//! Read in this order: `load` (rate and mix of operations), `operations` and `reads` (single operations), `api`
//! (requests with retries during a disturbance), `member` (expected state of the members), `disturbance`, `sampler`
//! with `process` and `database` (measurements), `checks` (pure evaluation of the samples), `final_checks` and
//! `reconciliation` (comparison of payments and wallets with the expected state), `chart` (curves), `preload` (a large
//! initial ledger).

mod api;
mod chart;
mod checks;
mod database;
mod disturbance;
mod fetch;
mod final_checks;
mod load;
mod member;
mod meter;
mod operations;
pub mod preload;
mod process;
mod reads;
mod reconciliation;
mod rng;
mod sample;
mod sampler;
mod streams;

use api::{Api, Request};
use chassis::service::BootError;
use checks::{Check, Limits, Observations, evaluate};
use clap::Args;
use database::{Broker, Database};
use disturbance::Disturbance;
use ev::demo::client::text;
use ev::output::print;
use member::TestUser;
use meter::{Meter, Totals};
use operations::Load;
use process::WatchedProcess;
use rng::SeededRng;
use sampler::{Sampler, Sources};
use serde_json::json;
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Members with an open stream.
const STREAM_COUNT: usize = 6;
const INITIAL_MEMBERS: usize = 10;
const START_TIMEOUT: Duration = Duration::from_mins(2);

/// Arguments of the soak test, passed by scripts/soak.
#[derive(Debug, Args)]
pub struct SoakArguments {
    /// URL of the platform.
    #[arg(long)]
    url: String,
    /// URL of the messages page with one-time codes, if not on the platform itself.
    #[arg(long)]
    messages_url: Option<String>,
    /// Duration of the load, in minutes.
    #[arg(long, default_value_t = 20)]
    minutes: u32,
    /// Operations a second.
    #[arg(long, default_value_t = 10)]
    rate: u32,
    /// Seed of the random choices.
    #[arg(long, default_value_t = 20_261_129)]
    seed: u64,
    /// Process of the platform: name and file with the process id.
    #[arg(long = "process", value_parser = parse_pair)]
    processes: Vec<(String, String)>,
    /// Process of a server: name and file with the process id. Its memory is shown but not checked.
    #[arg(long = "server", value_parser = parse_pair)]
    servers: Vec<(String, String)>,
    /// Service and URL of its database.
    #[arg(long = "database", value_parser = parse_pair)]
    databases: Vec<(String, String)>,
    /// URL of the message broker, if any.
    #[arg(long)]
    broker: Option<String>,
    /// Prefix of the queue names.
    #[arg(long, default_value = "ev")]
    broker_namespace: String,
    /// Readiness URL of a part of the platform.
    #[arg(long = "ready")]
    ready: Vec<String>,
    /// Disturbance in the middle of the run: name and shell command.
    #[arg(long = "disturbance", value_parser = parse_pair)]
    disturbances: Vec<(String, String)>,
    /// A disturbance explains no failed request, because it replaces one of several processes.
    #[arg(long)]
    seamless: bool,
    /// Minimum time between the end of the load and the checks, in seconds.
    #[arg(long, default_value_t = 15)]
    settle_secs: u64,
    /// Maximum time between the end of the load and the checks, in seconds, while queues are not empty.
    #[arg(long, default_value_t = 90)]
    settle_at_most_secs: u64,
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn failed(error: impl Display) -> BootError {
    BootError::Failed(error.to_string())
}

/// Runs the soak test and prints the results. Errors when a check fails.
pub async fn run(arguments: SoakArguments, secret: &str, admin: &str) -> Result<(), BootError> {
    let duration = Duration::from_secs(u64::from(arguments.minutes) * 60);
    let meter = Arc::new(Meter::new(arguments.seamless));
    if !disturbance::is_ready_within(&arguments.ready, START_TIMEOUT).await {
        return Err(failed("the platform is not ready"));
    }
    let mut rng = SeededRng::new(arguments.seed);
    let messages_url = arguments.messages_url.as_ref().unwrap_or(&arguments.url);
    let api = Api::new(&arguments.url, messages_url, secret, Arc::clone(&meter)).map_err(failed)?;
    let prepared = prepare(api, admin).await;
    let load = Arc::new(prepared.map_err(|e| failed(format!("{e}; {:?}", meter.totals().failures)))?);
    for _ in 0..INITIAL_MEMBERS {
        load.register(&mut rng).await.map_err(|e| failed(format!("{e:?}; {:?}", meter.totals().failures)))?;
    }
    let streams: Vec<_> =
        (0..STREAM_COUNT).filter_map(|n| load.members.user(n)).map(|(_, user)| streams::open(&load, user)).collect();
    let sources = Arc::new(sources(&arguments, &meter).await?);
    let interval = Duration::from_secs(if arguments.minutes < 10 { 3 } else { 10 });
    let sampler = Sampler::start(Arc::clone(&sources), interval);
    print(&format!("{} operations a second for {} minutes", arguments.rate, arguments.minutes));

    let disturbances = arguments
        .disturbances
        .iter()
        .map(|(name, command)| Disturbance { name: name.clone(), command: command.clone() });
    let (ready, disturbance_meter) = (arguments.ready.clone(), Arc::clone(&meter));
    let disturbing = tokio::spawn(disturbance::run(disturbances.collect(), ready, duration, disturbance_meter));
    let begun = Instant::now();
    let planned = load::run(&load, duration, Duration::from_secs(1) / arguments.rate.max(1), &mut rng).await;
    let not_recovered = disturbing.await.map_err(failed)?;
    let totals = meter.totals();
    print(&format!("load ended after {} s; waiting for the backlog", begun.elapsed().as_secs()));
    let ended = runtime::clock::Clock::now(&runtime::clock::SystemClock);
    let mut samples = sampler.finish().await;
    samples.push(final_checks::settle(&sources, &meter, (arguments.settle_secs, arguments.settle_at_most_secs)).await);

    print(&format!("settled after {} s; running the final checks", begun.elapsed().as_secs()));
    let unsealed = final_checks::unsealed(&sources.databases, ended).await;
    let mut final_results = vec![final_checks::check_streams(&load, streams).await];
    final_results.extend(final_checks::run_verify_commands(&arguments.databases).await);
    final_results.extend(final_checks::verify_over_http(&load).await);
    let load = Arc::into_inner(load).ok_or_else(|| failed("an operation is still running"))?;
    final_results.extend(final_checks::check_members(load).await);
    let own = arguments.processes.iter().map(|(name, _)| name.clone()).collect();
    let completed = totals.operations;
    // Includes failures after the load.
    let failures = meter.totals().failures;
    let observations = Observations { duration, planned, completed, failures, not_recovered, unsealed, samples, own };
    let mut checks = evaluate(&observations, &Limits::default());
    checks.extend(final_results);
    report(&observations, &totals, &checks)
}

/// Signs in the administrator and creates a staff member.
async fn prepare(api: Api, admin: &str) -> Result<Load, BootError> {
    let setup_failed = |e: api::RequestError| failed(format!("{e:?}"));
    let run_id = runtime::id::fresh::<domain::EventId>().to_string();
    let tag = run_id.rsplit('-').next().unwrap_or("soak").to_owned();
    let administrator = TestUser::new(admin, api.sign_in(admin, "Administrator", None).await.map_err(setup_failed)?);
    let token = administrator.token(&api).await.map_err(setup_failed)?;
    let email = format!("staff.{tag}@example.in");
    let staff = json!({ "email": email, "name": "Staff", "role": "staff" });
    api.send(&Request::post("/users", token.clone(), &staff)).await.map_err(setup_failed)?;
    let staff = TestUser::new(&email, api.sign_in(&email, "Staff", None).await.map_err(setup_failed)?);
    let vehicles = api.send(&Request::get("/vehicles?limit=100", token)).await.map_err(setup_failed)?;
    let price = |vehicle: &&serde_json::Value| {
        vehicle.get("price").and_then(|p| p.as_str()).map(operations::money).unwrap_or_default()
    };
    let most_expensive =
        vehicles.pointer("/items").and_then(|items| items.as_array()).and_then(|v| v.iter().max_by_key(price));
    let most_expensive = most_expensive.ok_or_else(|| failed("there is no vehicle"))?;
    let vehicle = text(most_expensive, "/id", "GET /vehicles").map_err(failed)?;
    Ok(Load { api, members: member::Members::default(), admin: administrator, staff, vehicle, tag })
}

async fn sources(arguments: &SoakArguments, meter: &Arc<Meter>) -> Result<Sources, BootError> {
    let mut databases = Vec::new();
    for (service, url) in &arguments.databases {
        databases.push(Database::connect(service, url).await?);
    }
    let watched =
        |(name, file): &(String, String)| WatchedProcess { name: name.clone(), pid_file: PathBuf::from(file) };
    let broker = arguments.broker.as_ref();
    Ok(Sources {
        processes: arguments.processes.iter().chain(&arguments.servers).map(watched).collect(),
        databases,
        broker: broker.map(|url| Broker { url: url.clone(), namespace: arguments.broker_namespace.clone() }),
        meter: Arc::clone(meter),
        started: Instant::now(),
    })
}

fn report(observations: &Observations, totals: &Totals, checks: &[Check]) -> Result<(), BootError> {
    chart::draw(&observations.samples).iter().for_each(|line| print(line));
    chart::compare(&observations.samples).iter().for_each(|line| print(line));
    let kinds: Vec<String> = totals.by_kind.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    print(&format!(
        "{} operations ({}), {} requests, {} retried in a disturbance, {} throttled (429), {} operations skipped",
        totals.operations,
        kinds.join(", "),
        totals.requests,
        totals.retries,
        totals.throttles,
        totals.skipped
    ));
    for check in checks {
        let word = if check.passed { "ok" } else { "FAILED" };
        let detail = if check.detail.is_empty() { String::new() } else { format!(": {}", check.detail) };
        print(&format!("{word}: {}{detail}", check.name));
    }
    let failures = checks.iter().filter(|check| !check.passed).count();
    print(&format!("{} checks passed, {failures} failed", checks.len().saturating_sub(failures)));
    if failures == 0 { Ok(()) } else { Err(failed("the soak test failed")) }
}
