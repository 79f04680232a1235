//! Current account totals: a rollup that a job maintains, and the few postings after it.
//!
//! The rollup covers settled positions only (see [`super::epoch`]), and the postings after its position are read in one
//! statement. So the sum is that of the whole journal at one moment, whatever commits between the two reads.

use crate::domain::{Account, Epoch};
use crate::error::WalletError;
use crate::store::closings::Totals;
use crate::store::rollups::{self, Rollup};
use db::DbConnection;
use domain::Money;

/// Positions added to the rollup in one step.
const MAX_STEP_POSITIONS: i64 = 20_000;

/// The current total of every account that has postings.
pub async fn current_totals(c: &mut DbConnection) -> Result<Totals, WalletError> {
    let Rollup { position, mut totals } = rollups::load(c).await?;
    add_to_totals(&mut totals, rollups::sum_by_account(c, position, None).await?)?;
    Ok(totals)
}

/// The sum of all accounts, which is zero while the ledger balances, and what all members owe.
pub async fn find_imbalance_and_due(c: &mut DbConnection) -> Result<(Money, Money), WalletError> {
    let totals = current_totals(c).await?;
    let imbalance = totals.values().try_fold(Money::ZERO, |sum, total| sum.add(*total))?;
    let due = totals.get(&Account::ClawbackDue).copied().unwrap_or_default().neg()?;
    Ok((imbalance, due))
}

/// The sums to add to the rollup, with the range of positions that they cover.
pub struct RollupStep {
    after: i64,
    until: i64,
    sums: Vec<(Account, Money)>,
}

/// Adds up the next settled postings. `None` when the rollup has them all.
pub async fn load_next_step(c: &mut DbConnection, settled: &Epoch) -> Result<Option<RollupStep>, WalletError> {
    let after = rollups::load(c).await?.position;
    let until = settled.last.posting.min(after.saturating_add(MAX_STEP_POSITIONS));
    if until <= after {
        return Ok(None);
    }
    let sums = rollups::sum_by_account(c, after, Some(until)).await?;
    Ok(Some(RollupStep { after, until, sums }))
}

/// Adds a step to the rollup. Returns false when another instance has moved the rollup meanwhile.
pub async fn save_step(c: &mut DbConnection, step: &RollupStep) -> Result<bool, WalletError> {
    let mut rollup = rollups::lock(c).await?;
    if rollup.position != step.after {
        return Ok(false);
    }
    // A rollup has a row for every account, each with the position.
    add_to_totals(&mut rollup.totals, Account::ALL.iter().map(|account| (*account, Money::ZERO)).collect())?;
    add_to_totals(&mut rollup.totals, step.sums.clone())?;
    rollup.position = step.until;
    rollups::save(c, &rollup).await?;
    Ok(true)
}

/// Adds sums by account to `totals`. Errors when a total overflows.
pub(super) fn add_to_totals(totals: &mut Totals, sums: Vec<(Account, Money)>) -> Result<(), WalletError> {
    for (account, sum) in sums {
        let total = totals.entry(account).or_default();
        *total = total.add(sum)?;
    }
    Ok(())
}
