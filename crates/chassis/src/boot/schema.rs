//! Schema of a service's database: applied by the release, checked at every start.

use super::database_config;
use crate::service::{BootError, Service};
use db::{BackendKind, Db};
use diesel_migrations::EmbeddedMigrations;
use futures_util::future::BoxFuture;
use runtime::config::{ConfigError, Env};

/// What a service does about its schema at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SchemaMode {
    /// Applies the pending migrations.
    Run,
    /// Starts only when the release has applied them, because a running service needs no right to change the schema.
    Check,
}

impl SchemaMode {
    /// The mode that `MIGRATE` names. An SQLite file belongs to the service, which always migrates it.
    fn from_env(env: &Env, kind: BackendKind) -> Result<Self, ConfigError> {
        let accepted = "run or check";
        match (env.get_or("MIGRATE", ""), kind) {
            ("run", _) | ("" | "check", BackendKind::Sqlite) => Ok(Self::Run),
            ("" | "check", BackendKind::Mysql) => Ok(Self::Check),
            (other, _) => Err(ConfigError::refused("MIGRATE", other, accepted)),
        }
    }
}

/// Applies the pending migrations of a service, as the user of `DATABASE_MIGRATE_URL`, and returns their versions.
pub fn migrate_service(service: Service, env: &Env) -> BoxFuture<'_, Result<Vec<String>, BootError>> {
    Box::pin(async move {
        let mut database = database_config(env, service.name)?;
        // A migration job has no URL of the service's user.
        if let Some(url) = database.migrate_url.take() {
            database.url = url;
        }
        database.read_url = None;
        migrate(&Db::connect(&database).await?, service.migrations).await
    })
}

async fn migrate(db: &Db, migrations: EmbeddedMigrations) -> Result<Vec<String>, BootError> {
    let mut applied = db.migrate(crate::MIGRATIONS).await?;
    db.reject_newer_schema(&[&crate::MIGRATIONS, &migrations]).await?;
    applied.extend(db.migrate(migrations).await?);
    Ok(applied)
}

/// Migrates the database, or checks that the release has. Errors with [`BootError::NotPrepared`] while it has not.
pub(super) async fn prepare(
    db: &Db,
    service: &'static str,
    migrations: EmbeddedMigrations,
    env: &Env,
) -> Result<(), BootError> {
    if SchemaMode::from_env(env, db.kind())? == SchemaMode::Check {
        let missing = db.list_missing(&[&crate::MIGRATIONS, &migrations]).await?;
        return if missing.is_empty() { Ok(()) } else { Err(BootError::NotPrepared { missing: missing.join(", ") }) };
    }
    let applied = migrate(db, migrations).await?;
    if !applied.is_empty() {
        tracing::info!(service, ?applied, "database schema migrated");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mysql_database_is_left_to_the_release() {
        let mode = |text: &str, kind| SchemaMode::from_env(&Env::from_pairs([("MIGRATE", text)]), kind);
        let unset = |kind| SchemaMode::from_env(&Env::default(), kind);
        assert_eq!(unset(BackendKind::Mysql), Ok(SchemaMode::Check));
        assert_eq!(mode("check", BackendKind::Mysql), Ok(SchemaMode::Check));
        assert_eq!(mode("run", BackendKind::Mysql), Ok(SchemaMode::Run));
        for text in ["", "check", "run"] {
            assert_eq!(mode(text, BackendKind::Sqlite), Ok(SchemaMode::Run), "{text}");
        }
        assert!(mode("never", BackendKind::Mysql).is_err());
    }
}
