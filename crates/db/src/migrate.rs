//! Bringing the schema up to date.

use crate::backend::MultiBackend;
use crate::config::Target;
use crate::connection::{BackendKind, DbConnection};
use crate::error::{DbError, is_already_so};
use crate::file::explained;
use crate::handle::Db;
use crate::pool::{Access, open};
use crate::script;
use diesel::connection::{Connection, SimpleConnection};
use diesel::migration::{Migration, MigrationSource};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{OptionalExtension, QueryResult, RunQueryDsl};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};
use std::collections::HashSet;

type Blocking = AsyncConnectionWrapper<DbConnection>;

impl Db {
    /// Runs those migrations that this database has not had, and returns their versions.
    ///
    /// May be called with several sets, one after the other; they share one list of what has run, so versions
    /// must differ between them. Several processes may call it at once: they take turns. On SQLite a set is
    /// applied as a whole or not at all. MySQL commits after each DDL statement, so there each statement is noted
    /// when it is done, and whoever comes after one that died half way goes on where it stopped.
    pub async fn migrate(&self, migrations: EmbeddedMigrations) -> Result<Vec<String>, DbError> {
        let connection = open(&self.migrations, Access::ReadWrite).await?;
        let running = tokio::task::spawn_blocking(move || {
            let kind = connection.kind();
            let mut blocking = Blocking::from(connection);
            match kind {
                BackendKind::Mysql => with_named_lock(&mut blocking, migrations),
                BackendKind::Sqlite => with_write_lock(&mut blocking, migrations),
            }
        });
        let ran = running.await.map_err(|e| DbError::Migration(e.to_string()))?;
        match &*self.migrations {
            Target::Sqlite { path, .. } => ran.map_err(|error| explained(path, error)),
            Target::Mysql { .. } => ran,
        }
    }

    /// Refuses an SQLite file with a migration that none of these sets has: a newer program made it. On MySQL the schema
    /// may be ahead of a program that is being replaced.
    pub async fn refuse_newer(&self, sets: &[&EmbeddedMigrations]) -> Result<(), DbError> {
        let Target::Sqlite { path, .. } = &*self.migrations else { return Ok(()) };
        let mut known = HashSet::new();
        for set in sets {
            let migrations: Vec<Box<dyn Migration<MultiBackend>>> =
                set.migrations().map_err(|e| DbError::Migration(e.to_string()))?;
            known.extend(migrations.iter().map(|migration| migration.name().version().to_string()));
        }
        let newer = self.applied().await?.into_iter().find(|version| !known.contains(version));
        newer.map_or(Ok(()), |version| {
            Err(DbError::File {
                path: path.clone(),
                cause: format!("it has schema version {version}, which this program does not know"),
                advice: "start the newer program that made it, or put back a backup from before",
            })
        })
    }

    /// Versions of the migrations that the database has had.
    async fn applied(&self) -> Result<Vec<String>, DbError> {
        let mut c = self.read().await?;
        let versions = diesel::sql_query("SELECT version FROM __diesel_schema_migrations");
        let versions: Vec<Version> = diesel_async::RunQueryDsl::load(versions, &mut *c).await?;
        Ok(versions.into_iter().map(|row| row.version).collect())
    }
}

#[derive(diesel::QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

fn with_write_lock(connection: &mut Blocking, migrations: EmbeddedMigrations) -> Result<Vec<String>, DbError> {
    connection.batch_execute("PRAGMA busy_timeout = 60000")?;
    connection.transaction(|connection| run(connection, migrations))
}

fn with_named_lock(connection: &mut Blocking, migrations: EmbeddedMigrations) -> Result<Vec<String>, DbError> {
    // A lock's name may be no longer than a database's name, hence the digest.
    let take = diesel::dsl::sql::<Nullable<BigInt>>("GET_LOCK(CONCAT('migrate:', MD5(DATABASE())), 60)");
    let taken: Option<i64> = diesel::select(take).get_result(connection)?;
    if taken != Some(1) {
        return Err(DbError::Migration("another instance has been migrating for a minute".to_owned()));
    }
    let applied = run_by_steps(connection, migrations);
    let released = connection.batch_execute("DO RELEASE_LOCK(CONCAT('migrate:', MD5(DATABASE())))");
    // What failed first is the one to tell.
    let applied = applied?;
    released?;
    Ok(applied)
}

fn run(connection: &mut Blocking, migrations: EmbeddedMigrations) -> Result<Vec<String>, DbError> {
    let applied = connection.run_pending_migrations(migrations).map_err(|e| DbError::Migration(e.to_string()))?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// Statements of a migration that is not finished; no row, no such migration.
const STEPS: &str = "CREATE TABLE IF NOT EXISTS migration_steps (version VARCHAR(50) NOT NULL PRIMARY KEY, \
                     done BIGINT NOT NULL) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

fn run_by_steps(connection: &mut Blocking, migrations: EmbeddedMigrations) -> Result<Vec<String>, DbError> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| DbError::Migration(e.to_string());
    let pending = connection.pending_migrations(migrations).map_err(failed)?;
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    connection.batch_execute(STEPS)?;
    let mut applied = Vec::new();
    for migration in pending {
        let version = migration.name().version().to_string();
        let statements = script::statements(&*migration).map_err(failed)?;
        apply(connection, &version, &statements)
            .map_err(|e| DbError::Migration(format!("{}: {e}", migration.name())))?;
        applied.push(version);
    }
    Ok(applied)
}

fn apply(connection: &mut Blocking, version: &str, statements: &[String]) -> QueryResult<()> {
    let known = begun(connection, version)?;
    if known.is_none() {
        run_with(connection, "INSERT INTO migration_steps (version, done) VALUES (?, 0)", version)?;
    }
    let (resumed, done) = (known.is_some(), known.and_then(|n| usize::try_from(n).ok()).unwrap_or(0));
    for (n, statement) in statements.iter().enumerate().skip(done) {
        // What is no DDL commits together with its note. DDL commits by itself, so the first statement after those
        // that are noted may be done already.
        connection.transaction(|connection| {
            match connection.batch_execute(statement) {
                Err(error) if resumed && n == done && is_already_so(&error) => {}
                executed => executed?,
            }
            run_with(connection, "UPDATE migration_steps SET done = done + 1 WHERE version = ?", version)
        })?;
    }
    connection.transaction(|connection| {
        run_with(connection, "INSERT INTO __diesel_schema_migrations (version) VALUES (?)", version)?;
        run_with(connection, "DELETE FROM migration_steps WHERE version = ?", version)
    })
}

/// How many statements of a migration are done, if it was begun.
fn begun(connection: &mut Blocking, version: &str) -> QueryResult<Option<i64>> {
    let done = diesel::dsl::sql::<BigInt>("SELECT done FROM migration_steps WHERE version = ").bind::<Text, _>(version);
    done.get_result(connection).optional()
}

fn run_with(connection: &mut Blocking, statement: &str, version: &str) -> QueryResult<()> {
    diesel::sql_query(statement).bind::<Text, _>(version).execute(connection).map(drop)
}
