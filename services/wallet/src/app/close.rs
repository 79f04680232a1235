//! Closes the books up to an instant at which nothing can be posted any more, off the hot path.

use super::seal::SETTLED_AFTER_SECS;
use crate::domain::Account;
use crate::error::WalletError;
use crate::store::closings;
use db::DbConnection;
use domain::Timestamp;

/// So much time lies between two closings: what a balance in between has to add up, at most.
const STRETCH_SECS: i64 = 900;

/// Closes the books if it is time to.
pub async fn close(c: &mut DbConnection, now: Timestamp) -> Result<(), WalletError> {
    let until = now.plus_secs(-SETTLED_AFTER_SECS);
    let last = closings::last(c, None).await?;
    if last.is_some_and(|last| until < last.plus_secs(STRETCH_SECS)) {
        return Ok(());
    }
    let mut totals = closings::totals(c, Some(until)).await?;
    if totals.is_empty() {
        return Ok(());
    }
    for account in Account::ALL {
        totals.entry(*account).or_default();
    }
    closings::insert(c, until, totals).await?;
    Ok(())
}
