//! Staff download what a member has handed in.

use crate::store::documents::Document;
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use db::DbConnection;
use diesel::QueryResult;
use domain::Timestamp;

/// Records for the audit log who of the staff downloads a document.
pub async fn record_download(
    c: &mut DbConnection,
    caller: &Caller,
    document: &Document,
    now: Timestamp,
) -> QueryResult<()> {
    let action = Action {
        action: "compliance.document_download",
        subject_type: "document",
        subject_id: document.id.to_string(),
        subject_user: Some(document.user_id),
        detail: &document.kind,
    };
    audit::record(c, "compliance", caller, now, action).await
}
