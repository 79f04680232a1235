//! Test fixture: a separate database for each test.

use db::{Db, DbConfig, DbConnection, DbError};
use diesel_async::SimpleAsyncConnection;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use futures_util::FutureExt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;

pub(crate) const FIRST: EmbeddedMigrations = embed_migrations!("tests/migrations/first");
pub(crate) const SECOND: EmbeddedMigrations = embed_migrations!("tests/migrations/second");
pub(crate) const BROKEN: EmbeddedMigrations = embed_migrations!("tests/migrations/broken");

/// An empty database; [`Fixture::migrated`] creates the tables.
pub(crate) struct Fixture {
    pub(crate) db: Db,
    pub(crate) config: DbConfig,
}

impl Fixture {
    pub(crate) async fn migrated(self) -> Self {
        self.db.migrate(FIRST).await.unwrap();
        self.db.migrate(SECOND).await.unwrap();
        self
    }
}

fn unique() -> String {
    format!("dbtest_{:016x}", getrandom::u64().unwrap())
}

/// A temporary folder, removed at the end of the test even when it fails.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(std::env::temp_dir().join(unique()))
    }
    pub(crate) fn url(&self) -> String {
        format!("sqlite://{}?synchronous=off", self.0.join("test.db").display())
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        }
    }
}

pub(crate) async fn with_sqlite<Fut: Future<Output = ()>>(test: impl FnOnce(Fixture) -> Fut) {
    let folder = Folder::new();
    let config = DbConfig::new(folder.url());
    test(Fixture { db: Db::connect(&config).await.unwrap(), config }).await;
}

/// The server's URL, without a database.
#[expect(clippy::disallowed_methods, reason = "only the tests use the test server's URL")]
pub(crate) fn mysql_server() -> String {
    let url = std::env::var("TEST_MYSQL_URL").unwrap_or_else(|_| panic!("TEST_MYSQL_URL is not set"));
    url.trim_end_matches('/').to_owned()
}

/// Executes statements on the server, outside the databases of the tests.
pub(crate) async fn on_server(sql: &str) {
    let url = format!("{}/information_schema", mysql_server());
    let mut connection = <DbConnection as diesel_async::AsyncConnection>::establish(&url).await.unwrap();
    connection.batch_execute(sql).await.unwrap();
}

/// Runs `test` with the URL of a new database, created by `CREATE DATABASE … {options}` and dropped afterwards.
pub(crate) async fn with_mysql_database<Fut: Future<Output = ()>>(options: &str, test: impl FnOnce(String) -> Fut) {
    let name = unique();
    on_server(&format!("CREATE DATABASE {name} {options}")).await;
    let outcome = AssertUnwindSafe(test(format!("{}/{name}", mysql_server()))).catch_unwind().await;
    on_server(&format!("DROP DATABASE {name}")).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

pub(crate) async fn with_mysql<Fut: Future<Output = ()>>(test: impl FnOnce(Fixture) -> Fut) {
    with_mysql_database("CHARACTER SET utf8mb4", async |url| {
        let config = DbConfig::new(url);
        test(Fixture { db: Db::connect(&config).await.unwrap(), config }).await;
    })
    .await;
}

pub(crate) async fn connect_error(config: &DbConfig) -> DbError {
    Db::connect(config).await.unwrap_err()
}
