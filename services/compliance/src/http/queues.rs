//! Handler of the count of documents that wait for staff.

use crate::ComplianceState;
use crate::domain::document::DocumentStatus;
use crate::store::documents;
use actix_web::web;
use http_api::{Json, Problem, QUEUE_COUNT_LIMIT, QueueCount, QueueCounts, operation};

/// Count the documents that wait for staff.
///
/// `documents.pending` wait for a review.
#[operation]
pub(super) async fn count(state: web::Data<ComplianceState>) -> Result<Json<QueueCounts>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let pending = documents::list_upload_times(&mut c, DocumentStatus::Pending, QUEUE_COUNT_LIMIT).await?;
    Ok(Json::new(vec![QueueCount::new("documents.pending", &pending)].into()))
}
