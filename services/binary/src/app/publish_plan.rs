//! Publication of a compensation plan version.

use super::batch::TreeBatch;
use crate::domain::Input;
use crate::error::BinaryError;
use crate::store::plans::{self, PlanRow};
use db::DbConnection;
use domain::{Plan, PlanVersion, Timestamp, UserId};
use messaging::outbox::OutboxEvent;
use proto_events::binary::v1::PlanPublished;

/// Publishes the next version: journal entry, row and event. Errors with `Plan` when it does not follow the last
/// version.
pub async fn publish_plan(
    c: &mut DbConnection,
    batch: &mut TreeBatch,
    plan: Plan,
    effective_from: Timestamp,
    by: UserId,
    now: Timestamp,
) -> Result<PlanVersion, BinaryError> {
    let last = batch.tree().plans().versions().last().map_or(0, |last| last.version);
    let version = PlanVersion { version: last + 1, effective_from, plan };
    let text = serde_json::to_string(&version.plan).map_err(|e| BinaryError::Journal(e.to_string()))?;
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
    batch.record_event(OutboxEvent::new(version.version, now, &published));
    Ok(version)
}
