//! Database file of one test, deleted after it.
//!
//! It has its own folder, so that a task that outlives the test cannot create the file again.

use db::{Db, DbConfig};
use runtime::id;
use std::path::PathBuf;
use uuid::Uuid;

/// A database file that does not exist yet.
pub struct TempDatabase(PathBuf);

impl TempDatabase {
    /// `name` is a part of the name of its folder.
    pub fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("ev-test-{name}-{}", id::fresh::<Uuid>())))
    }
    /// The settings with which it is opened.
    pub fn config(&self) -> DbConfig {
        DbConfig::new(format!("sqlite://{}?synchronous=off", self.0.join("test.db").display()))
    }
    /// Opens it with the tables that every service has.
    pub async fn migrated(&self) -> Db {
        let db = Db::connect(&self.config()).await.unwrap();
        db.migrate(chassis::MIGRATIONS).await.unwrap();
        db
    }
}

impl Drop for TempDatabase {
    fn drop(&mut self) {
        // A running task may create a file while the others are deleted.
        for _ in 0..10 {
            if std::fs::remove_dir_all(&self.0).is_ok() || !self.0.exists() {
                return;
            }
        }
    }
}
