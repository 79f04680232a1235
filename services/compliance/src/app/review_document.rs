//! Review of a document by staff.

use crate::domain::document::{DocumentId, DocumentStatus, ReviewDecision, decide_review};
use crate::error::ComplianceError;
use crate::store::documents::{self, Document};
use db::DbConnection;
use domain::{Timestamp, UserId};
use messaging::outbox;
use proto_events::compliance::v1::DocumentReviewed;

/// Verifies or rejects a document and publishes `DocumentReviewed`. Returns the document and whether this call decided
/// it.
///
/// Errors with `NotFound`, and with `Review` when the reviewer owns the document or another decision was made before.
pub async fn review_document(
    c: &mut DbConnection,
    id: DocumentId,
    decision: ReviewDecision<'_>,
    reviewer: UserId,
    now: Timestamp,
) -> Result<(Document, bool), ComplianceError> {
    let mut document = documents::lock(c, id).await?.ok_or(ComplianceError::NotFound)?;
    let before = (document.status, document.reason.as_str());
    let Some(status) = decide_review(before, decision, reviewer, document.user_id)? else {
        return Ok((document, false));
    };
    document.status = status;
    document.reason = match decision {
        ReviewDecision::Verify => String::new(),
        ReviewDecision::Reject { reason } => reason.to_owned(),
    };
    document.reviewed_by = Some(reviewer);
    document.reviewed_at = Some(now);
    documents::save_review(c, &document).await?;
    let reviewed = DocumentReviewed {
        document_id: id.into(),
        user_id: document.user_id.into(),
        verified: status == DocumentStatus::Verified,
        reason: document.reason.clone(),
        reviewed_by: reviewer.into(),
        reviewed_at: now.micros(),
    };
    outbox::publish(c, id, now, &reviewed).await?;
    Ok((document, true))
}
