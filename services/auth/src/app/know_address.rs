//! Remembers from which addresses an identifier signs in.

use crate::domain::address::ClientAddress;
use crate::domain::identifier::Identifier;
use crate::error::AuthError;
use crate::store::sign_in_addresses;
use db::DbConnection;
use domain::Timestamp;

/// A sign-in is not worth a write when one of the same day is recorded.
const REFRESH_AFTER_HOURS: i64 = 24;

pub(crate) async fn know_address(
    c: &mut DbConnection,
    identifier: &Identifier,
    address: ClientAddress,
    now: Timestamp,
) -> Result<(), AuthError> {
    let last = sign_in_addresses::last_sign_in(c, identifier, address).await?;
    if last.is_none_or(|last| last.plus_hours(REFRESH_AFTER_HOURS) <= now) {
        sign_in_addresses::save(c, identifier, address, now).await?;
    }
    Ok(())
}
