//! Forgets what is of no use to anybody any more.

use crate::error::AuthError;
use crate::store::{codes, sessions, signups};
use db::DbConnection;
use domain::Timestamp;

const KEPT_HOURS: i64 = 24;
/// Sessions forgotten at once, so that no lock is held for long.
const BATCH: i64 = 500;

pub(crate) async fn forget(c: &mut DbConnection, now: Timestamp) -> Result<(), AuthError> {
    let old = now.plus_hours(-KEPT_HOURS);
    codes::delete_older(c, old).await?;
    signups::delete_older(c, old).await?;
    sessions::delete_older(c, old, BATCH).await?;
    Ok(())
}
