//! Virus scan of uploads, before anything of them is stored.
//!
//! Two implementations: [`clamd`], a daemon of ClamAV, when [`config`] names one, and none. With a scanner, a file that
//! could not be scanned is not accepted.

pub mod clamd;
pub mod config;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use config::ScanConfig;
use http_api::Problem;
use runtime::Ctx;
use runtime::breaker::{CircuitOpen, IsOutage};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// `Retry-After` of a file that could not be scanned.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// A virus scanner. Never called inside a database transaction.
#[async_trait::async_trait]
pub trait Scanner: Send + Sync + 'static {
    /// Scans a whole file.
    async fn scan(&self, bytes: Bytes) -> Result<Verdict, ScanError>;
}

/// Result of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    Infected(Infection),
}

/// The signature that a file matches, such as `Win.Test.EICAR_HDB-1`: printable ASCII of at most 100 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Infection {
    signature: String,
}

impl Infection {
    const MAX_SIGNATURE_CHARS: usize = 100;

    fn new(signature: &str) -> Self {
        let printable = signature.chars().filter(|c| c.is_ascii_graphic() || *c == ' ');
        Self { signature: printable.take(Self::MAX_SIGNATURE_CHARS).collect() }
    }

    /// Name of the signature, for the audit log.
    pub fn signature(&self) -> &str {
        &self.signature
    }
}

impl From<Infection> for Problem {
    /// The signature is not shown: it would help to change a file until it passes.
    fn from(_: Infection) -> Self {
        Self::unprocessable("upload.infected", "a virus was found in the file; it was not stored")
    }
}

/// The failure of a scan: whether the file is infected is unknown.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The scanner rejected the call, such as a file above its size limit: a matter of its settings.
    #[error("the virus scanner rejected the call: {0}")]
    Refused(String),
    /// No complete answer.
    #[error("the virus scanner is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The circuit breaker is open; no call was made.
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

impl IsOutage for ScanError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<ScanError> for Problem {
    fn from(error: ScanError) -> Self {
        let wait = match &error {
            ScanError::CircuitOpen(open) => open.retry_after,
            ScanError::Refused(_) | ScanError::Unavailable(_) => RETRY_AFTER,
        };
        let detail = "files cannot be scanned for viruses right now, and none is accepted unscanned; try again shortly";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "upload.scan_unavailable", detail)
            .with_retry_after(wait)
            .with_source(error)
    }
}

/// No virus scan: every file passes.
struct NoScanner;

#[async_trait::async_trait]
impl Scanner for NoScanner {
    async fn scan(&self, _: Bytes) -> Result<Verdict, ScanError> {
        Ok(Verdict::Clean)
    }
}

/// Builds the scanner that `config` selects. Makes no call to it.
pub fn from_config(config: Option<&ScanConfig>, ctx: &Ctx) -> Arc<dyn Scanner> {
    match config {
        Some(config) => Arc::new(clamd::Clamd::new(config.clone(), ctx.service(), ctx.breaker("clamd"))),
        None => Arc::new(NoScanner),
    }
}

/// Scans an upload. Returns the infection, if there is one.
///
/// Errors with 503 and `upload.scan_unavailable` when the file could not be scanned.
pub async fn find_infection(scanner: &dyn Scanner, bytes: &Bytes) -> Result<Option<Infection>, Problem> {
    match scanner.scan(bytes.clone()).await? {
        Verdict::Clean => Ok(None),
        Verdict::Infected(infection) => Ok(Some(infection)),
    }
}
