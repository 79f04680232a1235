//! Database file of one test, deleted after it.
//!
//! It has its own folder, so that a task that outlives the test cannot create the file again.

use chassis::id;
use db::DbConfig;
use std::path::PathBuf;
use uuid::Uuid;

pub(crate) struct TempDatabase(PathBuf);

impl TempDatabase {
    pub(crate) fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("chassis-{name}-{}", id::fresh::<Uuid>())))
    }
    pub(crate) fn config(&self) -> DbConfig {
        DbConfig::new(format!("sqlite://{}?synchronous=off", self.0.join("test.db").display()))
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
