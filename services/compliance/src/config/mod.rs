//! Configuration from the environment.

pub mod deductor;
pub mod officer;

use blob_store::config::BlobConfig;
use blob_store::scan::config::ScanConfig;
use deductor::DeductorSettings;
use officer::OfficerSettings;
use pii::Sealer;
use runtime::{ConfigError, Env};

/// Configuration of the service.
#[derive(Debug)]
pub struct Config {
    /// `BLOB_URL`, or else `BLOB_DIR`: the blob store for uploaded documents.
    pub blobs: BlobConfig,
    /// `CLAMD_URL`, `CLAMD_TIMEOUT_MS`: the virus scanner of uploads, if there is one.
    pub scan: Option<ScanConfig>,
    /// `PII_KEYS`, `PII_INDEX_KEY`: keys that seal PANs. Only the quarterly statement and a member's own certificate
    /// unseal them.
    pub sealer: Sealer,
    /// `TDS_…`: what the government's file states about the deductor.
    pub deductor: DeductorSettings,
    /// `GRIEVANCE_OFFICER_…`: the officer for grievances, if the company has named one.
    pub officer: Option<OfficerSettings>,
}

impl Config {
    /// Reads the configuration. Errors with the name of a variable that is missing or invalid.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let (blobs, scan) = (BlobConfig::from_env(env)?, ScanConfig::from_env(env)?);
        let sealer = Sealer::from_env(env)?;
        let (deductor, officer) = (DeductorSettings::from_env(env)?, OfficerSettings::from_env(env)?);
        Ok(Self { blobs, scan, sealer, deductor, officer })
    }
}
