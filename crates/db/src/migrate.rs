//! Schema migrations.

use crate::backend::MultiBackend;
use crate::backend_kind::BackendKind;
use crate::config::Target;
use crate::connection::DbConnection;
use crate::error::{DbError, is_already_applied};
use crate::file_error::with_file_advice;
use crate::handle::Db;
use crate::open::{Access, open};
use crate::script;
use diesel::connection::{Connection, SimpleConnection};
use diesel::migration::{Migration, MigrationSource};
use diesel::result::Error;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{OptionalExtension, QueryResult, RunQueryDsl};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};
use futures_util::future::BoxFuture;
use std::collections::HashSet;

type Blocking = AsyncConnectionWrapper<DbConnection>;

impl Db {
    /// Runs the pending migrations of a set and returns their versions. Errors with the first statement that fails.
    ///
    /// Several sets may be applied one after the other; they share one list of applied versions, so versions must
    /// differ between them. A lock serializes several processes. On SQLite a set is applied in one transaction. MySQL
    /// commits after each DDL statement, so there each finished statement is recorded, and the next run resumes after
    /// an interrupted one.
    pub fn migrate(&self, migrations: EmbeddedMigrations) -> BoxFuture<'_, Result<Vec<String>, DbError>> {
        Box::pin(async move {
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
                Target::Sqlite { path, .. } => ran.map_err(|error| with_file_advice(path, error)),
                Target::Mysql { .. } => ran,
            }
        })
    }

    /// Errors when an SQLite file has a migration that is in none of `sets`, because a newer program created it. On
    /// MySQL a rolling update may leave the schema ahead of the program.
    pub async fn reject_newer_schema(&self, sets: &[&EmbeddedMigrations]) -> Result<(), DbError> {
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
                cause: format!("it has schema version {version}, which is newer than this program"),
                advice: "start the newer program that created it, or restore an older backup",
            })
        })
    }

    /// Versions of the applied migrations.
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
    connection.transaction(|connection| run_pending(connection, migrations))
}

fn with_named_lock(connection: &mut Blocking, migrations: EmbeddedMigrations) -> Result<Vec<String>, DbError> {
    // The name of a lock is limited in length, so it has a digest of the database name.
    let lock = diesel::dsl::sql::<Nullable<BigInt>>("GET_LOCK(CONCAT('migrate:', MD5(DATABASE())), 60)");
    let locked: Option<i64> = diesel::select(lock).get_result(connection)?;
    if locked != Some(1) {
        return Err(DbError::Migration("another instance has held the migration lock for 60 seconds".to_owned()));
    }
    let applied = run_by_steps(connection, migrations);
    let released = connection.batch_execute("DO RELEASE_LOCK(CONCAT('migrate:', MD5(DATABASE())))");
    // Returns the first error.
    let applied = applied?;
    released?;
    Ok(applied)
}

fn run_pending(connection: &mut Blocking, migrations: EmbeddedMigrations) -> Result<Vec<String>, DbError> {
    let applied = connection.run_pending_migrations(migrations).map_err(|e| DbError::Migration(e.to_string()))?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// Table with the number of finished statements of each unfinished migration.
const CREATE_STEPS: &str = "CREATE TABLE IF NOT EXISTS migration_steps (version VARCHAR(50) NOT NULL PRIMARY KEY, \
                     done BIGINT NOT NULL) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

fn run_by_steps(connection: &mut Blocking, migrations: EmbeddedMigrations) -> Result<Vec<String>, DbError> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| DbError::Migration(e.to_string());
    let pending = connection.pending_migrations(migrations).map_err(failed)?;
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    connection.batch_execute(CREATE_STEPS)?;
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
    let recorded = finished_steps(connection, version)?;
    if recorded.is_none() {
        execute_with_version(connection, "INSERT INTO migration_steps (version, done) VALUES (?, 0)", version)?;
    }
    let (resumed, done) = (recorded.is_some(), recorded.unwrap_or(0));
    for (n, statement) in statements.iter().enumerate().skip(done) {
        // A statement that is not DDL commits together with its record. DDL commits by itself, so the first statement
        // without a record may be applied already.
        connection.transaction(|connection| {
            match connection.batch_execute(statement) {
                Err(error) if resumed && n == done && is_already_applied(&error) => {}
                executed => executed?,
            }
            execute_with_version(connection, "UPDATE migration_steps SET done = done + 1 WHERE version = ?", version)
        })?;
    }
    connection.transaction(|connection| {
        execute_with_version(connection, "INSERT INTO __diesel_schema_migrations (version) VALUES (?)", version)?;
        execute_with_version(connection, "DELETE FROM migration_steps WHERE version = ?", version)
    })
}

/// Number of finished statements of a migration; `None` where it has not begun. Errors when the record is corrupt.
fn finished_steps(connection: &mut Blocking, version: &str) -> QueryResult<Option<usize>> {
    let done = diesel::dsl::sql::<BigInt>("SELECT done FROM migration_steps WHERE version = ").bind::<Text, _>(version);
    let done: Option<i64> = done.get_result(connection).optional()?;
    done.map(usize::try_from).transpose().map_err(|error| Error::DeserializationError(error.into()))
}

fn execute_with_version(connection: &mut Blocking, statement: &str, version: &str) -> QueryResult<()> {
    diesel::sql_query(statement).bind::<Text, _>(version).execute(connection).map(drop)
}
