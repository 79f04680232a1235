//! Publication of a version of terms.

use crate::domain::terms::{self, TermsContent, TermsKind};
use crate::error::AuthError;
use crate::store::terms::{self as versions, TermsRow};
use db::DbConnection;
use domain::{Timestamp, UserId};
use sha2::{Digest, Sha256};

/// The hash that identifies a content.
pub(crate) fn content_hash(content: &TermsContent) -> [u8; 32] {
    Sha256::digest(content.hashed_bytes()).into()
}

/// Publishes a version under the next number; from then on it is the one to accept. Errors when the kind has a version
/// with this content.
pub(crate) async fn publish_terms(
    c: &mut DbConnection,
    kind: TermsKind,
    content: &TermsContent,
    publisher: UserId,
    now: Timestamp,
) -> Result<TermsRow, AuthError> {
    let hash = content_hash(content);
    let same_content = versions::find_by_hash(c, kind, &hash).await?.map(|row| row.version);
    let version = terms::decide_version(versions::find_newest_version(c, kind).await?, same_content)?;
    let (title_hi, text_hi) = content.hindi.clone().unzip();
    let row = TermsRow {
        kind,
        version,
        hash: hash.to_vec(),
        title: content.title.clone(),
        text: content.text.clone(),
        title_hi,
        text_hi,
        published_at: now,
        published_by: publisher,
    };
    if versions::insert(c, &row).await? { Ok(row) } else { Err(AuthError::TermsChanged) }
}
