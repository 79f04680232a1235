//! What an operator does to a service's database, with the service's own settings from the environment.

use chassis::boot::database;
use chassis::events::parked::{self, Which};
use chassis::service::BootError;
use chassis::{Env, Service};
use db::{Db, DbError};
use domain::EventId;
use std::fmt::Write;

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
