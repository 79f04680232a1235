//! `ev status`: whether every database and queue of an installation is as it should be.
//!
//! It reads the databases that `AUTH_DATABASE_URL`, `BOOKING_DATABASE_URL` and so on name, or the files of a data
//! folder, and the queues at `BROKER_URL` if that is set. It changes nothing.

use crate::service_databases::{self, UnusableDatabase};
use chassis::Service;
use db::{Db, DbError};
use domain::Timestamp;
use messaging::amqp::{self, QueueDepth};
use messaging::backlog::{self, Backlog};
use runtime::clock::{Clock, SystemClock};
use runtime::config::ConfigError;
use runtime::error_chain::error_chain;
use runtime::tls::CaFile;
use runtime::{Env, build_info};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Age of an unsent event from which its relay counts as stopped.
const MAX_UNSENT_SECS: i64 = 60;
/// Age of an unsealed ledger entry from which the sealing job counts as stopped.
const MAX_UNSEALED_SECS: i64 = 3_600;

/// State of an installation.
#[derive(Debug, Serialize)]
pub struct Status {
    /// Whether nothing has to be done.
    pub ok: bool,
    /// Version of this program.
    pub version: &'static str,
    pub revision: &'static str,
    pub services: Vec<ServiceStatus>,
    /// Empty without `BROKER_URL`.
    pub queues: Vec<QueueStatus>,
    /// What has to be done about the broker.
    pub problems: Vec<String>,
}

/// State of one service's database.
#[derive(Debug, Serialize)]
pub struct ServiceStatus {
    pub service: &'static str,
    /// Absent when the database does not respond.
    pub events: Option<EventCounts>,
    /// Figures of the service's own tables.
    pub figures: BTreeMap<&'static str, i64>,
    /// What has to be done.
    pub problems: Vec<String>,
}

/// Events that a service has not finished with.
#[derive(Debug, Serialize)]
pub struct EventCounts {
    pub unsent: i64,
    pub oldest_unsent_secs: Option<i64>,
    pub waiting: i64,
    /// By type.
    pub deferred: BTreeMap<String, i64>,
    pub parked: i64,
    pub last_received_at: Option<Timestamp>,
}

/// State of a queue.
#[derive(Debug, Serialize)]
pub struct QueueStatus {
    pub queue: String,
    pub ready: u32,
    pub consumers: u32,
}

/// Reads the state of the installation.
pub async fn read(env: &Env, data: &Path) -> Result<Status, ConfigError> {
    let now = SystemClock.now();
    let mut services = Vec::new();
    for service in crate::services() {
        services.push(read_service(env, data, service, now).await?);
    }
    let (queues, problems) = read_queues(env).await?;
    let ok = problems.is_empty() && services.iter().all(|service| service.problems.is_empty());
    let (version, revision) = (build_info::VERSION, build_info::REVISION);
    Ok(Status { ok, version, revision, services, queues, problems })
}

async fn read_service(env: &Env, data: &Path, service: Service, now: Timestamp) -> Result<ServiceStatus, ConfigError> {
    let name = service.name;
    let mut status = ServiceStatus { service: name, events: None, figures: BTreeMap::new(), problems: Vec::new() };
    let database = service_databases::config(env, data, name)?;
    let read = async {
        let db = service_databases::connect(&database, &service).await?;
        Ok::<_, UnusableDatabase>(read_database(&db, now, &mut status).await?)
    };
    if let Err(error) = read.await {
        status.problems.push(error_chain(&error));
    }
    Ok(status)
}

async fn read_database(db: &Db, now: Timestamp, status: &mut ServiceStatus) -> Result<(), DbError> {
    let backlog = backlog::read(&mut *db.read().await?).await?;
    status.problems.extend(event_problems(&backlog, now));
    status.events = Some(EventCounts {
        unsent: backlog.unsent,
        oldest_unsent_secs: backlog.oldest_unsent_at.map(|at| age_secs(now, at)),
        waiting: backlog.waiting,
        deferred: backlog.deferred,
        parked: backlog.parked,
        last_received_at: backlog.last_received_at,
    });
    read_figures(db, now, status).await
}

fn age_secs(now: Timestamp, at: Timestamp) -> i64 {
    now.since(at).num_seconds().max(0)
}

/// What has to be done about the events of a service.
fn event_problems(backlog: &Backlog, now: Timestamp) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(age) = backlog.oldest_unsent_at.map(|at| age_secs(now, at)).filter(|age| *age > MAX_UNSENT_SECS) {
        problems.push(format!("{} events are unsent, the oldest for {age} s", backlog.unsent));
    }
    if backlog.parked > 0 {
        problems.push(format!("{} events are parked: ev parked list", backlog.parked));
    }
    for (event_type, count) in &backlog.deferred {
        problems.push(format!("{count} events of type {event_type} are deferred until a version that knows them"));
    }
    problems
}

/// Reads the figures of the services that have some.
async fn read_figures(db: &Db, now: Timestamp, status: &mut ServiceStatus) -> Result<(), DbError> {
    let mut c = db.read().await?;
    match status.service {
        "wallet" => {
            let backlog = wallet::store::seals::read_backlog(&mut c).await?;
            status.figures.insert("unsealed_entries", backlog.entries);
            let oldest = backlog.oldest_posted_at.map(|at| age_secs(now, at)).filter(|age| *age > MAX_UNSEALED_SECS);
            status.problems.extend(oldest.map(|age| format!("ledger entries are unsealed for {age} s")));
        }
        "booking" => {
            let unplaced = booking::store::captures::count_unmatched(&mut c).await?;
            status.figures.insert("unplaced_captures", unplaced);
        }
        "binary" => {
            let head = binary::store::journal::load_head(&mut c).await;
            status.figures.insert("journal_entries", head.map_err(|error| DbError::Migration(error.to_string()))?);
        }
        _ => {}
    }
    Ok(())
}

async fn read_queues(env: &Env) -> Result<(Vec<QueueStatus>, Vec<String>), ConfigError> {
    let Some(url) = env.get("BROKER_URL").filter(|url| *url != "memory://") else { return Ok(Default::default()) };
    let ca = CaFile::from_env(env)?;
    let depths = match amqp::queue_depths(url, env.get_or("BROKER_NAMESPACE", "ev"), ca.as_ref()).await {
        Ok(depths) => depths,
        Err(error) => return Ok((Vec::new(), vec![format!("the queues cannot be read: {}", error_chain(&error))])),
    };
    let problems = depths.iter().filter(|queue| queue.consumers == 0);
    let problems = problems.map(|queue| format!("queue {} has no consumer", queue.queue)).collect();
    let status = |QueueDepth { queue, ready, consumers }| QueueStatus { queue, ready, consumers };
    Ok((depths.into_iter().map(status).collect(), problems))
}

/// The state as a table for people.
pub fn text(status: &Status) -> String {
    let mut text = format!("ev {} ({})\n\n", status.version, status.revision);
    let head = ["service", "unsent", "waiting", "deferred", "parked", "figures"];
    let mut rows = vec![head.map(str::to_owned)];
    for service in &status.services {
        let count = |of: fn(&EventCounts) -> i64| service.events.as_ref().map_or("-".to_owned(), |e| of(e).to_string());
        let figures: Vec<String> = service.figures.iter().map(|(name, value)| format!("{name} {value}")).collect();
        rows.push([
            service.service.to_owned(),
            count(|events| events.unsent),
            count(|events| events.waiting),
            count(|events| events.deferred.values().sum()),
            count(|events| events.parked),
            figures.join(", "),
        ]);
    }
    for [service, unsent, waiting, deferred, parked, figures] in rows {
        // Writing to a String cannot fail.
        let _written = writeln!(text, "{service:<14}{unsent:>8}{waiting:>9}{deferred:>10}{parked:>8}  {figures}");
    }
    for QueueStatus { queue, ready, consumers } in &status.queues {
        let _written = writeln!(text, "queue {queue}: {ready} ready, {consumers} consumers");
    }
    let of_services = status.services.iter().flat_map(|s| s.problems.iter().map(move |text| (s.service, text)));
    for (subject, problem) in of_services.chain(status.problems.iter().map(|text| ("broker", text))) {
        let _written = writeln!(text, "PROBLEM {subject}: {problem}");
    }
    text + if status.ok { "ok" } else { "not ok" }
}
