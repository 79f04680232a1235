//! Creation, rotation and deletion of signing keys.

use crate::domain::signing_key;
use crate::error::AuthError;
use crate::secrets::Secrets;
use crate::store::signing_keys::{self, SigningKeyRow};
use auth_token::SigningKey;
use auth_token::token::ACCESS_TTL_SECS;
use db::DbConnection;
use domain::Timestamp;

/// A published signing key and the time from which it signs.
#[derive(Clone)]
pub(crate) struct PublishedKey {
    pub(crate) key: SigningKey,
    pub(crate) signs_from: Timestamp,
}

/// Lists the published keys in order of `signs_from`.
pub(crate) async fn list(c: &mut DbConnection, secrets: &Secrets) -> Result<Vec<PublishedKey>, AuthError> {
    let rows = signing_keys::list(c).await?;
    rows.iter()
        .map(|row| Ok(PublishedKey { key: secrets.open_key(&row.sealed)?, signs_from: row.signs_from }))
        .collect()
}

/// Creates the first key when there is none. Two instances may create one each at the same time, which is harmless.
pub(crate) async fn ensure_key(c: &mut DbConnection, secrets: &Secrets, now: Timestamp) -> Result<(), AuthError> {
    if signing_keys::list(c).await?.is_empty() {
        create(c, secrets, now, now).await?;
    }
    Ok(())
}

/// Creates a new key, published now and signing after `PUBLISH_AHEAD_SECS`.
pub(crate) async fn rotate(c: &mut DbConnection, secrets: &Secrets, now: Timestamp) -> Result<PublishedKey, AuthError> {
    create(c, secrets, now, now.plus_secs(signing_key::PUBLISH_AHEAD_SECS)).await
}

/// Deletes keys of which all tokens have expired, and rotates the newest key when it is due.
pub(crate) async fn rotate_due(c: &mut DbConnection, secrets: &Secrets, now: Timestamp) -> Result<(), AuthError> {
    let rows = signing_keys::list(c).await?;
    for (row, successor) in rows.iter().zip(rows.iter().skip(1)) {
        if signing_key::is_retired(successor.signs_from, ACCESS_TTL_SECS, now) {
            signing_keys::delete(c, &row.kid).await?;
        }
    }
    if rows.last().is_none_or(|newest| signing_key::is_rotation_due(newest.signs_from, now)) {
        rotate(c, secrets, now).await?;
    }
    Ok(())
}

async fn create(
    c: &mut DbConnection,
    secrets: &Secrets,
    now: Timestamp,
    signs_from: Timestamp,
) -> Result<PublishedKey, AuthError> {
    let key = SigningKey::generate();
    let row = SigningKeyRow { kid: key.kid().to_owned(), sealed: secrets.seal_key(&key), created_at: now, signs_from };
    signing_keys::insert(c, &row).await?;
    Ok(PublishedKey { key, signs_from })
}
