//! Operator commands on a service's database, with the service's settings from the environment.

use chassis::Service;
use chassis::boot::{database_config, program, schema};
use chassis::service::BootError;
use db::{Db, DbError, LongRead};
use domain::{EventId, Plan};
use messaging::amqp;
use messaging::log::{self, RepublishFilter};
use messaging::parked::{self, ReplaySelection};
use runtime::clock::{Clock, SystemClock};
use runtime::tls::CaFile;
use runtime::{Env, Progress};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// Maximum time to publish the selected events again.
const REPUBLISH_TIMEOUT: Duration = Duration::from_secs(60);
/// Maximum number of listed events.
const MAX_LISTED_EVENTS: i64 = 200;

fn find_service(name: &str) -> Result<Service, BootError> {
    crate::services().into_iter().find(|s| s.name == name).ok_or_else(|| {
        let names: Vec<_> = crate::services().iter().map(|s| s.name).collect();
        BootError::Failed(format!("unknown service `{name}`; the services are {}", names.join(", ")))
    })
}

async fn connect(env: &Env, service: &str) -> Result<Db, BootError> {
    Ok(Db::connect(&database_config(env, find_service(service)?.name)?).await?)
}

/// Runs the pending migrations of a service and returns their versions.
pub async fn migrate(env: &Env, service: &str) -> Result<Vec<String>, BootError> {
    schema::migrate_service(find_service(service)?, env).await
}

/// Declares the exchanges, queues and bindings of all services at the broker.
pub async fn apply_topology(env: &Env) -> Result<String, BootError> {
    let namespace = env.get_or("BROKER_NAMESPACE", "ev");
    amqp::apply_topology(env.required("BROKER_URL")?, namespace, CaFile::from_env(env)?.as_ref())
        .await
        .map_err(failed)?;
    Ok(format!("topology {namespace} applied"))
}

/// Makes the user with this address an administrator; creates the user if needed.
pub async fn create_admin(env: &Env, email: &str) -> Result<String, BootError> {
    let db = connect(env, "auth").await?;
    let now = SystemClock.now();
    let created = auth::grant_admin(&db, email, now).await?;
    Ok(if created {
        format!("{email} is now an administrator")
    } else {
        format!("{email} is already an administrator")
    })
}

/// Creates the next key that signs access tokens.
pub async fn rotate_signing_key(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "auth").await?;
    let now = SystemClock.now();
    let (id, signs_from) = auth::rotate_signing_key(&db, env, now).await?;
    Ok(format!("key {id} signs from {signs_from}; the key before it stays known until its last token has expired"))
}

/// Lists the parked events of a service, oldest first.
pub async fn list_parked(env: &Env, service: &str) -> Result<String, BootError> {
    let db = connect(env, service).await?;
    let rows = parked::list(&mut *db.read().await?, MAX_LISTED_EVENTS, 0).await.map_err(DbError::from)?;
    let mut text = format!("{} parked", rows.len());
    for row in rows {
        let replay = if row.replay_requested_at.is_some() { ", replay requested" } else { "" };
        let line = format!(
            "\n{}  {}  {}  subject {}  {} attempts{replay}\n    {}",
            row.event_id, row.parked_at, row.event_type, row.subject, row.attempts, row.error
        );
        // Writing to a String cannot fail.
        let _written = text.write_str(&line);
    }
    Ok(text)
}

/// Requests that the running service handles parked events again: one, or all of them. Errors when `event` is not an
/// id.
pub async fn replay_parked(env: &Env, service: &str, event: Option<&str>) -> Result<String, BootError> {
    let selection = match event {
        None => ReplaySelection::All,
        Some(text) => ReplaySelection::One(
            text.parse::<EventId>().map_err(|e| BootError::Failed(format!("`{text}` is not an event id: {e}")))?,
        ),
    };
    let db = connect(env, service).await?;
    let now = SystemClock.now();
    let count = db.tx(async |c| parked::request_replay(c, selection, now).await.map_err(DbError::from)).await?;
    Ok(format!("replay of {count} events requested; the running service handles them within seconds"))
}

/// Makes the running service publish events again. Errors when they are not published in time.
pub async fn republish(env: &Env, service: &str, filter: &RepublishFilter) -> Result<String, BootError> {
    let db = connect(env, service).await?;
    let count = log::republish(&db, filter, REPUBLISH_TIMEOUT).await.map_err(failed)?;
    Ok(format!("{count} events were published again"))
}

fn failed(error: impl std::fmt::Display) -> BootError {
    BootError::Failed(error.to_string())
}

/// Replays the tree's history under the plan in `file` and returns the report as JSON. Errors when the plan is invalid.
pub async fn simulate_plan(env: &Env, file: &Path) -> Result<String, BootError> {
    let text = tokio::fs::read_to_string(file).await.map_err(|e| failed(format!("{}: {e}", file.display())))?;
    let plan: Plan = serde_json::from_str(&text).map_err(|e| failed(format!("{}: {e}", file.display())))?;
    plan.validate().map_err(|e| failed(format!("{}: {e}", file.display())))?;
    let db = connect(env, "binary").await?;
    let report = binary::app::simulate::simulate_plan(&mut *db.read().await?, plan, &Progress::default())
        .await
        .map_err(failed)?;
    serde_json::to_string_pretty(&report).map_err(failed)
}

/// Replays the tree's journal from the beginning and returns the digest of the tree and the number of entries.
pub async fn tree_hash(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "binary").await?;
    let mut c = db.read().await?;
    let head = binary::store::journal::load_head(&mut c).await.map_err(failed)?;
    let mut tree = binary::domain::Tree::default();
    binary::app::follow::follow(&mut c, &mut tree, head).await.map_err(failed)?;
    Ok(format!("{:016x}  after {head} entries", tree.digest()))
}

/// Runs one long task of a service, whose input is on the standard input.
pub async fn run_task(env: &Env, service: &str, kind: &str) -> Result<(), BootError> {
    program::run_task(find_service(service)?, kind, env).await
}

/// Saves a snapshot of the tree.
pub async fn save_tree_snapshot(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "binary").await?;
    let now = SystemClock.now();
    let saved = binary::app::snapshot::save(&mut *db.write().await?, now).await.map_err(failed)?;
    let what = if saved.is_new { "saved" } else { "is there already" };
    Ok(format!("the snapshot after {} entries {what}", saved.seq))
}

/// Compares the tree's tables with its journal and returns the report as JSON; as an error when a row differs.
pub async fn verify_tree(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "binary").await?;
    let found = binary::app::verify::verify(&mut *db.read().await?, &Progress::default()).await.map_err(failed)?;
    report(&found, found.ok)
}

/// Verifies the ledger and returns the report as JSON; as an error when a check fails.
pub async fn verify_ledger(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "wallet").await?;
    let permit = long_read(&db).await?;
    let found = wallet::verification::verify(&db, &permit, &Progress::default()).await.map_err(failed)?;
    report(&found, found.ok)
}

/// Sets the sums of the reports to those of their facts and returns how many differed.
pub async fn rebuild_reports(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "reports").await?;
    let corrected = db.tx(async |c| reports::app::rebuild::rebuild(c).await.map_err(DbError::from)).await?;
    Ok(format!("{corrected} sums differed from the facts and are corrected"))
}

/// Builds the documents of the search again and returns how many there are; running instances build their indexes.
pub async fn rebuild_search(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "reports").await?;
    let count = reports::search_rebuild::rebuild(&db, SystemClock.now()).await?;
    Ok(format!("{count} documents of the search are built; each running instance builds its index from them"))
}

/// Verifies the audit log and returns the report as JSON; as an error when a check fails.
pub async fn verify_audit(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "compliance").await?;
    let permit = long_read(&db).await?;
    let found = compliance::verification::verify(&permit).await.map_err(failed)?;
    report(&found, found.ok)
}

/// A connection for a long read.
async fn long_read(db: &Db) -> Result<LongRead, BootError> {
    db.long_read(Duration::ZERO).await.ok_or_else(|| failed("no connection is free for a long read"))
}

/// A verification's report as JSON; as an error when a check failed.
fn report(found: &impl Serialize, ok: bool) -> Result<String, BootError> {
    let report = serde_json::to_string_pretty(found).map_err(failed)?;
    if ok { Ok(report) } else { Err(BootError::Failed(report)) }
}
