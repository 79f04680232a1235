//! Configuration from the environment.

use blob_store::config::BlobConfig;
use pii::Sealer;
use runtime::{ConfigError, Env};

/// Configuration of the service.
#[derive(Debug)]
pub struct Config {
    /// `BLOB_URL`, or else `BLOB_DIR`: the blob store for uploaded documents.
    pub blobs: BlobConfig,
    /// `PII_KEYS`, `PII_INDEX_KEY`: keys that seal PANs. Only the quarterly statement and a member's own certificate
    /// unseal them.
    pub sealer: Sealer,
}

impl Config {
    /// Reads the configuration. Errors with the name of a variable that is missing or invalid.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { blobs: BlobConfig::from_env(env)?, sealer: Sealer::from_env(env)? })
    }
}
