//! Review of a document by staff.

use crate::domain::document::{DocumentId, DocumentStatus, ReviewDecision, ReviewOutcome, decide_review};
use crate::error::ComplianceError;
use crate::store::documents::{self, Document};
use chassis::audit::{self, StaffAction};
use chassis::auth::Caller;
use chassis::events::outbox;
use db::DbConnection;
use domain::Timestamp;
use proto_events::compliance::v1::DocumentReviewed;

/// Locks the document, applies the decision, and publishes `DocumentReviewed` and `StaffActed`.
///
/// Repeating the same decision returns the document unchanged. Errors with `NotFound`, or with `Review` when the
/// reviewer owns the document or another decision was made before.
pub async fn review_document(
    c: &mut DbConnection,
    caller: &Caller,
    id: DocumentId,
    decision: ReviewDecision<'_>,
    now: Timestamp,
) -> Result<Document, ComplianceError> {
    let mut document = documents::lock(c, id).await?.ok_or(ComplianceError::NotFound)?;
    let (action, reason) = match decision {
        ReviewDecision::Verify => ("compliance.document_verify", ""),
        ReviewDecision::Reject { reason } => ("compliance.document_reject", reason),
    };
    let before = (document.status, document.reason.as_str());
    let status = match decide_review(document.user_id, caller.user_id, before, decision)? {
        ReviewOutcome::Unchanged => return Ok(document),
        ReviewOutcome::StatusChanged(status) => status,
    };
    document.status = status;
    document.reason = reason.to_owned();
    document.reviewed_by = Some(caller.user_id);
    document.reviewed_at = Some(now);
    documents::update_review(c, &document).await?;
    let reviewed = DocumentReviewed {
        document_id: id.into(),
        user_id: document.user_id.into(),
        verified: status == DocumentStatus::Verified,
        reason: document.reason.clone(),
        reviewed_by: caller.user_id.into(),
        reviewed_at: now.micros(),
    };
    outbox::publish(c, id, now, &reviewed).await?;
    let action = StaffAction {
        action,
        subject_type: "document",
        subject_id: id.to_string(),
        subject_user: Some(document.user_id),
        detail: reason,
    };
    audit::record(c, "compliance", caller, now, action).await?;
    Ok(document)
}
