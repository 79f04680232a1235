//! Audit record of a document download by staff.

use crate::store::documents::Document;
use chassis::audit::{self, StaffAction};
use chassis::auth::Caller;
use db::DbConnection;
use diesel::QueryResult;
use domain::Timestamp;

/// Publishes `StaffActed`: `caller` downloads the content of `document`.
pub async fn record_download(
    c: &mut DbConnection,
    caller: &Caller,
    document: &Document,
    now: Timestamp,
) -> QueryResult<()> {
    let action = StaffAction {
        action: "compliance.document_download",
        subject_type: "document",
        subject_id: document.id.to_string(),
        subject_user: Some(document.user_id),
        detail: &document.kind,
    };
    audit::record(c, "compliance", caller, now, action).await
}
