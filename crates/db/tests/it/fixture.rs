//! Test fixture: a separate database for each test.

use db::{Db, DbConfig, DbError};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::path::PathBuf;
use testkit::mariadb::with_database;

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

pub(crate) async fn with_mysql<Fut: Future<Output = ()>>(test: impl FnOnce(Fixture) -> Fut) {
    with_database(async |url| {
        let config = DbConfig::new(url);
        test(Fixture { db: Db::connect(&config).await.unwrap(), config }).await;
    })
    .await;
}

pub(crate) async fn connect_error(config: &DbConfig) -> DbError {
    Db::connect(config).await.unwrap_err()
}
