//! Scheduled jobs: seals of the audit log, grievances whose deadline has passed, and blobs of erased documents.

use crate::app::erase_documents::{blob_deleted, list_blobs_to_delete, oldest_blob_secs};
use crate::app::move_grievance::{list_due_grievances, move_grievance};
use crate::app::seal_audit::{oldest_unsealed_secs, seal_next};
use crate::domain::grievance::{GrievanceActor, GrievanceCommand};
use crate::error::ComplianceError;
use blob_store::{BlobError, Blobs};
use metrics::gauge;
use runtime::Ctx;
use runtime::jobs::{Job, JobError};
use runtime::telemetry::gauge_value;
use std::sync::Arc;
use std::time::Duration;

const MAX_BATCH_GRIEVANCES: i64 = 100;
const MAX_BATCH_BLOBS: i64 = 100;

/// All jobs of the service.
pub(crate) fn all(blobs: Arc<dyn Blobs>) -> Vec<Job> {
    vec![
        Job::every("blob_deletion", Duration::from_secs(60), move |ctx| delete_blobs(ctx, Arc::clone(&blobs))),
        Job::every("audit_seal", Duration::from_secs(5), seal_audit),
        Job::every("grievances", Duration::from_secs(60), escalate_overdue),
    ]
}

/// Escalates grievances that were not acknowledged or closed in time.
async fn escalate_overdue(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.now();
    loop {
        let mut c = ctx.db().read().await.map_err(ComplianceError::from)?;
        let due = list_due_grievances(&mut c, now, MAX_BATCH_GRIEVANCES).await?;
        drop(c);
        for id in &due {
            let step = (GrievanceCommand::Escalate, "");
            ctx.tx(async |c| move_grievance(c, *id, step, GrievanceActor::Deadline, now).await).await?;
        }
        if due.is_empty() {
            return Ok(());
        }
    }
}

/// Seals all entries, chunk by chunk, and reports what is left.
async fn seal_audit(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.now();
    while ctx.db().tx(async |c| seal_next(c, now).await).await? {}
    let mut c = ctx.db().read().await.map_err(ComplianceError::from)?;
    let age = oldest_unsealed_secs(&mut c, now).await?;
    gauge!("audit_unsealed_age_seconds").set(gauge_value(age.max(0)));
    Ok(())
}

/// Deletes what the blob store still has of erased documents. A blob that the store refuses to delete does not hold up
/// the others; while the store is unavailable, all wait for the next run.
async fn delete_blobs(ctx: Ctx, blobs: Arc<dyn Blobs>) -> Result<(), JobError> {
    let (mut after, mut failure) = (String::new(), None);
    loop {
        let mut c = ctx.db().read().await.map_err(ComplianceError::from)?;
        let names = list_blobs_to_delete(&mut c, &after, MAX_BATCH_BLOBS).await?;
        drop(c);
        let Some(last) = names.last() else { break };
        last.clone_into(&mut after);
        for name in &names {
            match blobs.delete(name).await {
                Ok(()) => ctx.db().tx(async |c| blob_deleted(c, name).await).await?,
                Err(error @ (BlobError::Unavailable(_) | BlobError::CircuitOpen(_))) => return Err(error.into()),
                Err(error) => failure = Some(error),
            }
        }
    }
    let mut c = ctx.db().read().await.map_err(ComplianceError::from)?;
    let age = oldest_blob_secs(&mut c, ctx.now()).await?;
    gauge!("blob_deletion_age_seconds").set(gauge_value(age));
    failure.map_or(Ok(()), |error| Err(error.into()))
}
