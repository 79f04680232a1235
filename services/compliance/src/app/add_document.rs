//! Upload of a document by a member.

use crate::domain::document::MAX_DOCUMENTS_PER_MEMBER;
use crate::error::ComplianceError;
use crate::store::documents::{self, Document};
use chassis::events::outbox;
use db::DbConnection;
use proto_events::compliance::v1::DocumentUploaded;

/// Inserts the row of a document that was put into the blob store before, and publishes `DocumentUploaded`.
///
/// Errors with `TooManyDocuments` at [`MAX_DOCUMENTS_PER_MEMBER`].
pub async fn add_document(c: &mut DbConnection, document: &Document) -> Result<(), ComplianceError> {
    if documents::count_for_member(c, document.user_id).await? >= MAX_DOCUMENTS_PER_MEMBER {
        return Err(ComplianceError::TooManyDocuments);
    }
    documents::insert(c, document).await?;
    let uploaded = DocumentUploaded {
        document_id: document.id.into(),
        user_id: document.user_id.into(),
        kind: document.kind.clone(),
        content_type: document.content_type.to_string(),
        size: document.size_bytes.unsigned_abs(),
        sha256: document.sha256.clone(),
        uploaded_at: document.uploaded_at.micros(),
    };
    Ok(outbox::publish(c, document.id, document.uploaded_at, &uploaded).await?)
}
