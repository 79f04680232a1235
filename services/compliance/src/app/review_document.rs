//! Staff verify or reject a document.

use crate::domain::document::{DocumentId, Review, Status, Verdict, review};
use crate::error::ComplianceError;
use crate::store::documents::{self, Document};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::events::outbox;
use db::DbConnection;
use domain::Timestamp;
use proto_events::compliance::v1::DocumentReviewed;

pub async fn review_document(
    c: &mut DbConnection,
    caller: &Caller,
    id: DocumentId,
    verdict: Verdict<'_>,
    now: Timestamp,
) -> Result<Document, ComplianceError> {
    let mut document = documents::lock(c, id).await?.ok_or(ComplianceError::NotFound)?;
    let (action, reason) = match verdict {
        Verdict::Verify => ("compliance.document_verify", ""),
        Verdict::Reject { reason } => ("compliance.document_reject", reason),
    };
    let before = (document.status, document.reason.as_str());
    let status = match review(document.user_id, caller.user_id, before, verdict)? {
        Review::Unchanged => return Ok(document),
        Review::Becomes(status) => status,
    };
    document.status = status;
    document.reason = reason.to_owned();
    document.reviewed_by = Some(caller.user_id);
    document.reviewed_at = Some(now);
    documents::set_review(c, &document).await?;
    let reviewed = DocumentReviewed {
        document_id: id.into(),
        user_id: document.user_id.into(),
        verified: status == Status::Verified,
        reason: document.reason.clone(),
        reviewed_by: caller.user_id.into(),
        reviewed_at: now.micros(),
    };
    outbox::publish(c, id, now, &reviewed).await?;
    let action = Action {
        action,
        subject_type: "document",
        subject_id: id.to_string(),
        subject_user: Some(document.user_id),
        detail: reason,
    };
    audit::record(c, "compliance", caller, now, action).await?;
    Ok(document)
}
