//! Scheduled jobs: seals of the audit log, and grievances whose deadline has passed.

use crate::app::move_grievance::{list_due_grievances, move_grievance};
use crate::app::seal_audit::{oldest_unsealed_secs, seal_next};
use crate::domain::grievance::{GrievanceActor, GrievanceCommand};
use crate::error::ComplianceError;
use metrics::gauge;
use runtime::Ctx;
use runtime::jobs::{Job, JobError};
use runtime::telemetry::gauge_value;
use std::time::Duration;

const MAX_BATCH_GRIEVANCES: i64 = 100;

/// All jobs of the service.
pub(crate) fn all() -> Vec<Job> {
    vec![
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
