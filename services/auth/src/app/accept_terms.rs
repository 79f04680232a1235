//! Acceptance of terms by a user.

use crate::domain::terms::{self, TermsKind};
use crate::error::AuthError;
use crate::store::terms::{self as versions, AcceptanceRow};
use db::DbConnection;
use domain::{Timestamp, UserId};
use runtime::id;

/// What a user accepts, and how.
#[derive(Debug, Clone)]
pub(crate) struct Acceptance {
    /// Content hash of the accepted version.
    pub(crate) hash: [u8; 32],
    /// When the user last proved a one-time code.
    pub(crate) proved_at: Timestamp,
    /// Client address of the request.
    pub(crate) address: String,
}

/// Stores an acceptance. Errors when the accepted version does not exist or is not the newest one.
pub(crate) async fn accept_terms(
    c: &mut DbConnection,
    user_id: UserId,
    kind: TermsKind,
    acceptance: &Acceptance,
    now: Timestamp,
) -> Result<AcceptanceRow, AuthError> {
    let accepted = versions::find_by_hash(c, kind, &acceptance.hash).await?.map(|row| row.version);
    let version = terms::decide_acceptance(accepted, versions::find_newest_version(c, kind).await?)?;
    let row = AcceptanceRow {
        id: id::fresh(),
        user_id,
        kind,
        version,
        hash: acceptance.hash.to_vec(),
        accepted_at: now,
        proved_at: acceptance.proved_at,
        address: acceptance.address.clone(),
    };
    versions::insert_acceptance(c, &row).await?;
    Ok(row)
}
