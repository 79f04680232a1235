//! Closes the books up to an instant at which nothing can be posted any more, off the hot path.

use crate::domain::{Account, Epoch};
use crate::error::WalletError;
use crate::store::closings::{self, Totals};
use db::DbConnection;
use domain::Timestamp;

/// So much time lies between two closings: what a balance in between has to add up, at most.
const INTERVAL_SECS: i64 = 300;

/// What every account came to at an instant.
pub struct Closing {
    closed_at: Timestamp,
    totals: Totals,
}

/// Adds up the accounts until a settled boundary, if it is time for another closing.
pub async fn read(c: &mut DbConnection, settled: &Epoch) -> Result<Option<Closing>, WalletError> {
    let closed_at = settled.floor_at;
    let last = closings::last(c, None).await?;
    if last.is_some_and(|last| closed_at < last.plus_secs(INTERVAL_SECS)) {
        return Ok(None);
    }
    let mut totals = closings::totals(c, Some(closed_at)).await?;
    if totals.is_empty() {
        return Ok(None);
    }
    for account in Account::ALL {
        totals.entry(*account).or_default();
    }
    Ok(Some(Closing { closed_at, totals }))
}

/// Saves a closing. Another instance may just have saved the same.
pub async fn save(c: &mut DbConnection, closing: &Closing) -> Result<(), WalletError> {
    Ok(closings::insert(c, closing.closed_at, closing.totals.clone()).await?)
}
