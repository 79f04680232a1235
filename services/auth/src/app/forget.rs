//! Forgets what is of no use to anybody any more.

use crate::error::AuthError;
use crate::store::{codes, sessions, sign_in_addresses, signups};
use db::DbConnection;
use domain::Timestamp;

const KEPT_HOURS: i64 = 24;
/// Sessions forgotten at once, so that no lock is held for long.
const BATCH: i64 = 500;

pub(crate) async fn forget(c: &mut DbConnection, known_address_days: i64, now: Timestamp) -> Result<(), AuthError> {
    let old = now.plus_hours(-KEPT_HOURS);
    codes::delete_older(c, old).await?;
    signups::delete_older(c, old).await?;
    sign_in_addresses::delete_older(c, now.plus_hours(-24 * known_address_days)).await?;
    sessions::delete_older(c, old, BATCH).await?;
    Ok(())
}
