//! A new version of the compensation plan.

use super::batch::Batch;
use crate::domain::Input;
use crate::error::Failure;
use crate::store::plans::{self, PlanRow};
use chassis::events::outbox::Draft;
use db::DbConnection;
use domain::{Plan, PlanVersion, Timestamp, UserId};
use proto_events::binary::v1::PlanPublished;

/// Publishes the next version, in its place in the tree's journal.
pub async fn publish(
    c: &mut DbConnection,
    batch: &mut Batch,
    plan: Plan,
    effective_from: Timestamp,
    by: UserId,
    now: Timestamp,
) -> Result<PlanVersion, Failure> {
    let last = batch.tree().book().versions().iter().map(|v| v.version).max().unwrap_or(0);
    let version = PlanVersion { version: last + 1, effective_from, plan };
    let text = serde_json::to_string(&version.plan).map_err(|e| Failure::Journal(e.to_string()))?;
    batch.apply(now, &Input::PlanPublished(Box::new(version.clone())), None)?;
    let row = PlanRow {
        version: i64::from(version.version),
        effective_from,
        plan: text.clone(),
        published_by: by,
        published_at: now,
    };
    plans::insert(c, &row).await?;
    let published = PlanPublished {
        version: version.version,
        effective_from: effective_from.micros(),
        plan_json: text,
        published_by: by.into(),
        published_at: now.micros(),
    };
    batch.announce(Draft::new(version.version, now, &published));
    Ok(version)
}
