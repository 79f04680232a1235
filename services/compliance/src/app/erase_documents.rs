//! Erasure of a member's documents.
//!
//! Rows go at once, in the transaction of the event; what is to be deleted from the blob store is recorded with them and
//! deleted by a job, so that nothing is lost by a kill or while the store is unavailable.

use crate::domain::document::is_retained;
use crate::error::ComplianceError;
use crate::store::blob_deletions::{self, BlobDeletion};
use crate::store::{documents, members};
use db::DbConnection;
use diesel::QueryResult;
use domain::{Role, Timestamp, UserId};
use messaging::outbox;
use proto_events::platform::v1::StaffActed;
use runtime::id;

/// A member whose personal data is erased.
#[derive(Debug, Clone)]
pub struct Erasure {
    pub user_id: UserId,
    /// Who approved it; an event of an earlier release does not say.
    pub decided_by: Option<UserId>,
    pub requested_at: Timestamp,
}

/// Deletes the member's documents, except those that tax law needs, and records it in the audit log. A repetition
/// changes nothing.
pub async fn erase_documents(c: &mut DbConnection, erasure: &Erasure) -> QueryResult<()> {
    let (user, at) = (erasure.user_id, erasure.requested_at);
    // An upload locks the same row, so none is added to an erased member.
    if members::lock(c, user).await?.erased_at.is_some() {
        return Ok(());
    }
    members::set_erased(c, user, at).await?;
    let (retained, erased): (Vec<_>, Vec<_>) = documents::lock_of_member(c, user)
        .await?
        .into_iter()
        .partition(|document| is_retained(&document.kind, document.status));
    let blobs = erased.iter().map(|document| BlobDeletion { blob_name: document.blob_name.clone(), asked_at: at });
    blob_deletions::insert_new(c, &blobs.collect::<Vec<_>>()).await?;
    documents::delete_all(c, &erased.iter().map(|document| document.id).collect::<Vec<_>>()).await?;
    let audit = StaffActed {
        action_id: id::fresh::<uuid::Uuid>().as_bytes().to_vec(),
        actor_id: erasure.decided_by.unwrap_or(user).into(),
        role: if erasure.decided_by.is_some() { Role::Admin } else { Role::User }.to_string(),
        service: "compliance".to_owned(),
        action: "compliance.documents_erase".to_owned(),
        subject_type: "user".to_owned(),
        subject_id: user.to_string(),
        subject_user_id: Some(user.into()),
        detail: format!("{} deleted, {} retained", erased.len(), retained.len()),
        acted_at: at.micros(),
        ..StaffActed::default()
    };
    outbox::publish(c, user, at, &audit).await
}

/// Lists the next blobs to delete, by name.
pub async fn list_blobs_to_delete(c: &mut DbConnection, after: &str, limit: i64) -> QueryResult<Vec<String>> {
    blob_deletions::list(c, after, limit).await
}

/// Records that the blob store has deleted a blob.
pub async fn blob_deleted(c: &mut DbConnection, blob_name: &str) -> Result<(), ComplianceError> {
    Ok(blob_deletions::delete(c, blob_name).await?)
}

/// Seconds for which the oldest blob has waited; 0 without one.
pub async fn oldest_blob_secs(c: &mut DbConnection, now: Timestamp) -> QueryResult<i64> {
    let oldest = blob_deletions::find_oldest(c).await?;
    Ok(oldest.map_or(0, |asked_at| now.since(asked_at).num_seconds().max(0)))
}
