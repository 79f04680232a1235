//! The databases of all services, for operator commands.

use chassis::Service;
use chassis::boot::database_config;
use db::{Db, DbConfig, DbError};
use runtime::Env;
use runtime::config::ConfigError;
use std::path::Path;

/// Why the database of a service is of no use to a command.
#[derive(Debug, thiserror::Error)]
pub enum UnusableDatabase {
    #[error("{0} does not exist")]
    NoFile(String),
    #[error("the database is not prepared for this version: {0} missing")]
    NotPrepared(String),
    #[error("the database cannot be read")]
    Unreadable(#[from] DbError),
}

/// The database of a service: the one that its variable names, or its file in the data folder.
pub(crate) fn config(env: &Env, data: &Path, service: &'static str) -> Result<DbConfig, ConfigError> {
    let url = env.get(&format!("{}_DATABASE_URL", service.to_uppercase())).map(str::to_owned);
    let url = url.unwrap_or_else(|| format!("sqlite://{}", data.join(format!("{service}.db")).display()));
    let config = database_config(env, service)?;
    Ok(DbConfig { url, read_url: None, migrate_url: None, pool_size: 1, ..config })
}

/// Connects to a database that has the schema of this version, as a user who may have the right to read alone.
pub(crate) async fn connect(database: &DbConfig, service: &Service) -> Result<Db, UnusableDatabase> {
    // Connecting would create a missing file.
    if let Some(path) = database.url.strip_prefix("sqlite://")
        && !Path::new(path).exists()
    {
        return Err(UnusableDatabase::NoFile(path.to_owned()));
    }
    let db = Db::connect(database).await?;
    let missing = db.list_pending(&[&chassis::MIGRATIONS, &service.migrations]).await?;
    if missing.is_empty() { Ok(db) } else { Err(UnusableDatabase::NotPrepared(missing.join(", "))) }
}
