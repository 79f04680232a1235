//! Bringing the schema up to date.

use crate::connection::{BackendKind, DbConnection};
use crate::error::DbError;
use crate::handle::Db;
use crate::pool::{Access, open};
use diesel::RunQueryDsl;
use diesel::connection::{Connection, SimpleConnection};
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

type Blocking = AsyncConnectionWrapper<DbConnection>;

impl Db {
    /// Runs those migrations that this database has not had, and returns their versions.
    ///
    /// May be called with several sets, one after the other; they share one list of what has run, so versions
    /// must differ between them. Several processes may call it at once: they take turns. On SQLite a set is
    /// applied as a whole or not at all; MySQL commits after each DDL statement.
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
        running.await.map_err(|e| DbError::Migration(e.to_string()))?
    }
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
    let applied = run(connection, migrations);
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
