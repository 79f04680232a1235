//! Handler of the count of documents and grievances that wait for staff.

use crate::ComplianceState;
use crate::domain::document::DocumentStatus;
use crate::domain::grievance::GrievanceStatus;
use crate::store::{documents, grievances};
use actix_web::web;
use http_api::{Json, Problem, QUEUE_COUNT_LIMIT, QueueCount, QueueCounts, operation};

/// Count the documents and grievances that wait for staff.
///
/// `documents.pending` wait for a review, `grievances.filed` for an acknowledgement.
#[operation]
pub(super) async fn count(state: web::Data<ComplianceState>) -> Result<Json<QueueCounts>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let pending = documents::list_upload_times(&mut c, DocumentStatus::Pending, QUEUE_COUNT_LIMIT).await?;
    let filed = grievances::list_filing_times(&mut c, GrievanceStatus::Filed, QUEUE_COUNT_LIMIT).await?;
    let counts = vec![QueueCount::new("documents.pending", &pending), QueueCount::new("grievances.filed", &filed)];
    Ok(Json::new(counts.into()))
}
