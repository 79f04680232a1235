//! Verification of the whole audit log, on connections for long reads.

pub use crate::app::verify_audit::AuditVerification;
use crate::app::verify_audit::AuditVerificationRun;
use crate::error::ComplianceError;
use db::LongRead;
use futures_util::future::BoxFuture;

/// Verifies the audit log in bounded steps, and returns the connection to the pool after each.
pub fn verify(long_read: &LongRead) -> BoxFuture<'_, Result<AuditVerification, ComplianceError>> {
    Box::pin(async move {
        let mut run = AuditVerificationRun::default();
        loop {
            let mut c = long_read.connection().await?;
            if !run.step(&mut c).await? {
                return Ok(run.finish());
            }
        }
    })
}
