//! Settings from the environment.

use chassis::pii::Sealer;
use chassis::{ConfigError, Env};
use std::path::PathBuf;

/// What the service is configured by.
#[derive(Debug)]
pub struct Config {
    /// `BLOB_DIR`: the folder uploaded documents are kept in, `data/blobs` by default. It is made when the first
    /// one comes.
    pub blob_dir: PathBuf,
    /// `PII_KEYS`, `PII_INDEX_KEY`: what PAN are sealed with; opened for the quarterly statement alone.
    pub sealer: Sealer,
}

impl Config {
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { blob_dir: env.or("BLOB_DIR", "data/blobs").into(), sealer: Sealer::from_env(env)? })
    }
}
