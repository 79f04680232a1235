//! Upload of a document by a member.

use crate::domain::document::{MAX_DOCUMENTS_PER_MEMBER, is_retained};
use crate::error::ComplianceError;
use crate::store::documents::{self, Document};
use crate::store::members;
use db::DbConnection;
use messaging::outbox;
use proto_events::compliance::v1::DocumentUploaded;

/// Inserts the row of a document that was put into the blob store before, and publishes `DocumentUploaded`.
///
/// Errors with `MemberErased` when the member's documents are erased and this one would not be retained, and with
/// `TooManyDocuments` at [`MAX_DOCUMENTS_PER_MEMBER`]. The lock of the member makes uploads and the erasure wait for
/// each other, so the count is exact.
pub async fn add_document(c: &mut DbConnection, document: &Document) -> Result<(), ComplianceError> {
    let is_erased = members::lock(c, document.user_id).await?.erased_at.is_some();
    if is_erased && !is_retained(&document.kind, document.status) {
        return Err(ComplianceError::MemberErased);
    }
    if documents::lock_count(c, document.user_id).await? >= MAX_DOCUMENTS_PER_MEMBER {
        return Err(ComplianceError::TooManyDocuments);
    }
    documents::insert(c, document).await?;
    let uploaded = DocumentUploaded {
        document_id: document.id.into(),
        user_id: document.user_id.into(),
        kind: document.kind.clone(),
        content_type: document.content_type.to_string(),
        size: document.size_bytes.get().into(),
        sha256: document.sha256.clone(),
        uploaded_at: document.uploaded_at.micros(),
    };
    Ok(outbox::publish(c, document.id, document.uploaded_at, &uploaded).await?)
}
