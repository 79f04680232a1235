//! Signing keys come and go without anybody being signed out.

use crate::domain::key;
use crate::error::AuthError;
use crate::secrets::Secrets;
use crate::store::keys::{self, StoredKey};
use chassis::auth::SigningKey;
use chassis::auth::token::ACCESS_TTL_SECS;
use db::DbConnection;
use domain::Timestamp;

/// A key and when it begins to sign.
#[derive(Clone)]
pub(crate) struct TimedKey {
    pub(crate) key: SigningKey,
    pub(crate) signs_from: Timestamp,
}

/// Every key that is published, in the order in which they begin to sign.
pub(crate) async fn all(c: &mut DbConnection, secrets: &Secrets) -> Result<Vec<TimedKey>, AuthError> {
    let rows = keys::all(c).await?;
    rows.iter().map(|row| Ok(TimedKey { key: secrets.open_key(&row.sealed)?, signs_from: row.signs_from })).collect()
}

/// Makes the first key. Two instances that do so at once make two, which does no harm.
pub(crate) async fn ensure(c: &mut DbConnection, secrets: &Secrets, now: Timestamp) -> Result<(), AuthError> {
    if keys::all(c).await?.is_empty() {
        add(c, secrets, now, now).await?;
    }
    Ok(())
}

/// Publishes a new key, which signs as soon as every verifier can know it.
pub(crate) async fn rotate(c: &mut DbConnection, secrets: &Secrets, now: Timestamp) -> Result<TimedKey, AuthError> {
    add(c, secrets, now, now.plus_secs(key::PUBLISH_AHEAD_SECS)).await
}

/// Replaces a key that is old, and withdraws those whose tokens have all expired.
pub(crate) async fn tidy(c: &mut DbConnection, secrets: &Secrets, now: Timestamp) -> Result<(), AuthError> {
    let rows = keys::all(c).await?;
    for (row, successor) in rows.iter().zip(rows.iter().skip(1)) {
        if key::is_over(successor.signs_from, ACCESS_TTL_SECS, now) {
            keys::delete(c, &row.kid).await?;
        }
    }
    if rows.last().is_none_or(|newest| key::is_due(newest.signs_from, now)) {
        rotate(c, secrets, now).await?;
    }
    Ok(())
}

async fn add(
    c: &mut DbConnection,
    secrets: &Secrets,
    now: Timestamp,
    signs_from: Timestamp,
) -> Result<TimedKey, AuthError> {
    let key = SigningKey::generate();
    let row = StoredKey { kid: key.kid().to_owned(), sealed: secrets.seal_key(&key), created_at: now, signs_from };
    keys::insert(c, &row).await?;
    Ok(TimedKey { key, signs_from })
}
