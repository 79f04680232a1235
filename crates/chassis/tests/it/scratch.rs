//! A database file of a test's own, gone with the test.
//!
//! It has a folder of its own: a task that outlives the test cannot make the file again where there is no folder.

use chassis::id;
use db::DbConfig;
use std::path::PathBuf;
use uuid::Uuid;

pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("chassis-{name}-{}", id::fresh::<Uuid>())))
    }
    pub(crate) fn config(&self) -> DbConfig {
        DbConfig::new(format!("sqlite://{}?synchronous=off", self.0.join("test.db").display()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Somebody may put a file there while the others are removed.
        for _ in 0..10 {
            if std::fs::remove_dir_all(&self.0).is_ok() || !self.0.exists() {
                return;
            }
        }
    }
}
