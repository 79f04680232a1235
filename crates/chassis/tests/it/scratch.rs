//! A database file of a test's own, gone with the test.

use chassis::id;
use db::DbConfig;
use std::path::PathBuf;
use uuid::Uuid;

pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("chassis-{name}-{}.db", id::fresh::<Uuid>())))
    }
    pub(crate) fn config(&self) -> DbConfig {
        DbConfig::new(format!("sqlite://{}?synchronous=off", self.0.display()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(format!("{}{suffix}", self.0.display())));
        }
    }
}
