//! Record of the addresses from which an identifier signed in.

use crate::domain::address::ClientAddress;
use crate::domain::identifier::Identifier;
use crate::error::AuthError;
use crate::store::sign_in_addresses;
use db::DbConnection;
use domain::Timestamp;

/// Age at which a record is updated. A newer one is left as it is, to save a write.
const UPDATE_INTERVAL_HOURS: i64 = 24;

/// Records a sign-in, unless one within the last 24 hours is recorded.
pub(crate) async fn record_sign_in_address(
    c: &mut DbConnection,
    identifier: &Identifier,
    address: ClientAddress,
    now: Timestamp,
) -> Result<(), AuthError> {
    let last = sign_in_addresses::find_last_sign_in(c, identifier, address).await?;
    if last.is_none_or(|last| last.plus_hours(UPDATE_INTERVAL_HOURS) <= now) {
        sign_in_addresses::save(c, identifier, address, now).await?;
    }
    Ok(())
}
