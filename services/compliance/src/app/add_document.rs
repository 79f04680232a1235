//! Upload of a document by a member.

use crate::domain::document::MAX_DOCUMENTS_PER_MEMBER;
use crate::error::ComplianceError;
use crate::store::documents::{self, Document};
use db::DbConnection;
use messaging::outbox;
use proto_events::compliance::v1::DocumentUploaded;

/// Inserts the row of a document that was put into the blob store before, and publishes `DocumentUploaded`.
///
/// Errors with `TooManyDocuments` at [`MAX_DOCUMENTS_PER_MEMBER`]. The first count makes uploads of a member wait for
/// each other. While the member has no document there is nothing to lock, so only the second count, which waits for
/// rows that are not committed, is exact.
pub async fn add_document(c: &mut DbConnection, document: &Document) -> Result<(), ComplianceError> {
    if documents::lock_count(c, document.user_id).await? >= MAX_DOCUMENTS_PER_MEMBER {
        return Err(ComplianceError::TooManyDocuments);
    }
    documents::insert(c, document).await?;
    if documents::lock_count(c, document.user_id).await? > MAX_DOCUMENTS_PER_MEMBER {
        return Err(ComplianceError::TooManyDocuments);
    }
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
