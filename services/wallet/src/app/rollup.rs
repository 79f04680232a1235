//! What the accounts come to now: a rollup that a job keeps, and the few postings after it.
//!
//! The rollup only covers positions that are settled (see [`super::epoch`]), and the postings after its position are
//! read in one statement: whatever commits in between, the sum is that of the whole journal at one moment.

use crate::domain::{Account, Epoch, LedgerError};
use crate::error::WalletError;
use crate::store::closings::Totals;
use crate::store::rollups::{self, Rollup};
use db::DbConnection;
use domain::Money;

/// Positions added in one step.
const STEP: i64 = 20_000;

/// What every account comes to.
pub async fn totals(c: &mut DbConnection) -> Result<Totals, WalletError> {
    let Rollup { position, mut totals } = rollups::load(c).await?;
    add_up(&mut totals, rollups::moved(c, position, None).await?)?;
    Ok(totals)
}

/// What to add next, and where from and to.
pub struct Step {
    after: i64,
    until: i64,
    moved: Vec<(Account, Money)>,
}

/// Adds up the next settled postings; none where the rollup has them all.
pub async fn read(c: &mut DbConnection, settled: &Epoch) -> Result<Option<Step>, WalletError> {
    let after = rollups::load(c).await?.position;
    let until = settled.last.posting.min(after.saturating_add(STEP));
    if until <= after {
        return Ok(None);
    }
    let moved = rollups::moved(c, after, Some(until)).await?;
    Ok(Some(Step { after, until, moved }))
}

/// Adds a step to the rollup. `Ok(false)`: another instance did so meanwhile.
pub async fn save(c: &mut DbConnection, step: &Step) -> Result<bool, WalletError> {
    let mut rollup = rollups::lock(c).await?;
    if rollup.position != step.after {
        return Ok(false);
    }
    // Every account has a row, and with it the position.
    add_up(&mut rollup.totals, Account::ALL.iter().map(|account| (*account, Money::ZERO)).collect())?;
    add_up(&mut rollup.totals, step.moved.clone())?;
    rollup.position = step.until;
    rollups::save(c, &rollup).await?;
    Ok(true)
}

pub(super) fn add_up(totals: &mut Totals, moved: Vec<(Account, Money)>) -> Result<(), WalletError> {
    for (account, sum) in moved {
        let total = totals.entry(account).or_default();
        *total = total.add(sum).map_err(LedgerError::from)?;
    }
    Ok(())
}
