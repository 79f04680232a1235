//! Deletion of expired rows.

use crate::domain::device::KNOWN_DEVICE_DAYS;
use crate::error::AuthError;
use crate::store::{known_devices, sessions, sign_in_addresses, signups, sms_deliveries};
use db::DbConnection;
use domain::Timestamp;

/// Time for which expired rows are kept.
const RETENTION_HOURS: i64 = 24;
/// Time for which it is kept what became of an SMS.
const DELIVERY_DAYS: i64 = 90;
/// Sessions deleted in one run, so that locks are short.
const MAX_BATCH_SESSIONS: i64 = 500;

/// Deletes unfinished sign-ups, sign-in addresses, devices, deliveries of SMS, and sessions.
pub(crate) async fn delete_expired(
    c: &mut DbConnection,
    known_address_days: i64,
    now: Timestamp,
) -> Result<(), AuthError> {
    let expired_before = now.plus_hours(-RETENTION_HOURS);
    signups::delete_expired(c, expired_before).await?;
    sign_in_addresses::delete_unused(c, now.plus_hours(-24 * known_address_days)).await?;
    sms_deliveries::delete_old(c, now.plus_hours(-24 * DELIVERY_DAYS)).await?;
    known_devices::delete_unused(c, now.plus_hours(-24 * (KNOWN_DEVICE_DAYS + 1))).await?;
    sessions::delete_expired(c, expired_before, MAX_BATCH_SESSIONS).await?;
    Ok(())
}
