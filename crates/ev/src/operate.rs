//! What an operator does to a service's database, with the service's own settings from the environment.

use chassis::boot::database;
use chassis::events::log::{self, Choice};
use chassis::events::parked::{self, Which};
use chassis::service::BootError;
use chassis::{Env, Service};
use db::{Db, DbError};
use domain::{EventId, Plan};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// How long some thousand events may take to be sent.
const PATIENCE: Duration = Duration::from_secs(60);
/// As many parked events as a person can read.
const SHOWN: i64 = 200;

fn find(name: &str) -> Result<Service, BootError> {
    crate::services().into_iter().find(|s| s.name == name).ok_or_else(|| {
        let names: Vec<_> = crate::services().iter().map(|s| s.name).collect();
        BootError::Failed(format!("there is no service `{name}`; there are {}", names.join(", ")))
    })
}

async fn connect(env: &Env, service: &str) -> Result<Db, BootError> {
    Ok(Db::connect(&database(env, find(service)?.name)?).await?)
}

/// Brings one service's schema up to date; answers the migrations that were applied.
pub async fn migrate(env: &Env, service: &str) -> Result<Vec<String>, BootError> {
    let db = connect(env, service).await?;
    let mut applied = db.migrate(chassis::MIGRATIONS).await?;
    applied.extend(db.migrate(find(service)?.migrations).await?);
    Ok(applied)
}

/// Makes sure that somebody with this address is an administrator.
pub async fn create_admin(env: &Env, email: &str) -> Result<String, BootError> {
    let db = connect(env, "auth").await?;
    let now = chassis::clock::Clock::now(&chassis::clock::SystemClock);
    let created = auth::grant_admin(&db, email, now).await?;
    Ok(if created {
        format!("{email} is an administrator now")
    } else {
        format!("{email} is an administrator already")
    })
}

/// The events a service could not handle, oldest first.
pub async fn list_parked(env: &Env, service: &str) -> Result<String, BootError> {
    let db = connect(env, service).await?;
    let rows = parked::list(&mut *db.read().await?, SHOWN, 0).await.map_err(DbError::from)?;
    let mut text = format!("{} parked", rows.len());
    for row in rows {
        let replay = if row.replay_requested_at.is_some() { ", replay asked for" } else { "" };
        let line = format!(
            "\n{}  {}  {}  about {}  {} attempts{replay}\n    {}",
            row.event_id, row.parked_at, row.event_type, row.subject, row.attempts, row.error
        );
        // Writing to a String cannot fail.
        let _written = text.write_str(&line);
    }
    Ok(text)
}

/// Asks the running service to handle parked events again: one, or all of them.
pub async fn replay_parked(env: &Env, service: &str, event: Option<&str>) -> Result<String, BootError> {
    let which = match event {
        None => Which::All,
        Some(text) => Which::One(
            text.parse::<EventId>().map_err(|e| BootError::Failed(format!("`{text}` is not an event id: {e}")))?,
        ),
    };
    let db = connect(env, service).await?;
    let now = chassis::clock::Clock::now(&chassis::clock::SystemClock);
    let count = db.tx(async |c| parked::replay(c, which, now).await.map_err(DbError::from)).await?;
    Ok(format!("{count} will be handled again by the running service within seconds"))
}

/// Has the running service send events again.
pub async fn republish(env: &Env, service: &str, choice: &Choice) -> Result<String, BootError> {
    let db = connect(env, service).await?;
    let count = log::republish(&db, choice, PATIENCE).await.map_err(failed)?;
    Ok(format!("{count} were sent again"))
}

fn failed(error: impl std::fmt::Display) -> BootError {
    BootError::Failed(error.to_string())
}

/// Replays the tree's history under the plan in `file`; answers the report as JSON.
pub async fn simulate_plan(env: &Env, file: &Path) -> Result<String, BootError> {
    let text = tokio::fs::read_to_string(file).await.map_err(|e| failed(format!("{}: {e}", file.display())))?;
    let plan: Plan = serde_json::from_str(&text).map_err(|e| failed(format!("{}: {e}", file.display())))?;
    plan.validate().map_err(|e| failed(format!("{}: {e}", file.display())))?;
    let db = connect(env, "binary").await?;
    let report = binary::app::simulate::simulate(&mut *db.read().await?, plan).await.map_err(failed)?;
    serde_json::to_string_pretty(&report).map_err(failed)
}

/// Replays the tree's journal from the beginning; answers its length and the digest of what it comes to.
pub async fn tree_hash(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "binary").await?;
    let mut c = db.read().await?;
    let head = binary::store::journal::head(&mut c).await.map_err(failed)?;
    let mut tree = binary::domain::Tree::default();
    binary::app::follow::follow(&mut c, &mut tree, head).await.map_err(failed)?;
    Ok(format!("{:016x}  after {head} entries", tree.digest()))
}

/// Compares the tree's tables with its journal; answers the report as JSON, as an error if a row says otherwise.
pub async fn verify_tree(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "binary").await?;
    let found = binary::app::verify::verify(&mut *db.read().await?).await.map_err(failed)?;
    let report = serde_json::to_string_pretty(&found).map_err(failed)?;
    if found.ok { Ok(report) } else { Err(BootError::Failed(report)) }
}

/// Checks the books; answers the report as JSON, as an error if anything is wrong.
pub async fn verify_ledger(env: &Env) -> Result<String, BootError> {
    let db = connect(env, "wallet").await?;
    let turn = db.long_read(Duration::ZERO).await.ok_or_else(|| failed("no connection is free for a long read"))?;
    let found = wallet::verification::verify(&db, &turn).await.map_err(failed)?;
    let report = serde_json::to_string_pretty(&found).map_err(failed)?;
    if found.ok { Ok(report) } else { Err(BootError::Failed(report)) }
}
