//! Payees that a bank's API knows, by the keyed hash of their details.

use crate::error::PayoutError;
use crate::store::payees;
use db::DbConnection;
use domain::Timestamp;

/// The API's id of the payee with these details, if it knows one.
pub async fn find(c: &mut DbConnection, details_index: &[u8]) -> Result<Option<String>, PayoutError> {
    Ok(payees::find(c, details_index).await?)
}

/// Stores the API's id of a payee, and returns the id that is stored: an earlier one stays.
pub async fn store(
    c: &mut DbConnection,
    details_index: &[u8],
    bank_id: &str,
    now: Timestamp,
) -> Result<String, PayoutError> {
    if payees::insert(c, details_index, bank_id, now).await? {
        return Ok(bank_id.to_owned());
    }
    Ok(payees::find(c, details_index).await?.unwrap_or_else(|| bank_id.to_owned()))
}
