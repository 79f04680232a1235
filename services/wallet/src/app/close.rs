//! Closes the books up to an instant at which nothing can be posted any more, off the hot path.

use super::rollup::add_up;
use crate::domain::{Account, Epoch};
use crate::error::WalletError;
use crate::store::closings::{self, Totals};
use crate::store::entries;
use db::DbConnection;
use domain::{Money, Timestamp};

/// So much time lies between two closings: what a balance in between has to add up, at most.
const INTERVAL_SECS: i64 = 300;
/// Postings added in one step, and those of the same instant as the last.
const STEP: i64 = 5_000;

/// What every account came to at an instant, as far as it is added up.
pub struct Closing {
    closed_at: Timestamp,
    /// What was posted until then is in the totals.
    until: Option<Timestamp>,
    totals: Totals,
}

/// Begins a closing at a settled boundary with what the last one came to, if it is time for another.
pub async fn begin(c: &mut DbConnection, settled: &Epoch) -> Result<Option<Closing>, WalletError> {
    let closed_at = settled.floor_at;
    let until = closings::last(c, None).await?;
    if until.is_some_and(|last| closed_at < last.plus_secs(INTERVAL_SECS)) {
        return Ok(None);
    }
    Ok(Some(after(c, until, closed_at).await?))
}

/// Begins to add up what every account came to at `at`, with the last closing before it.
pub async fn begin_at(c: &mut DbConnection, at: Timestamp) -> Result<Closing, WalletError> {
    let until = closings::last(c, Some(at)).await?;
    after(c, until, at).await
}

/// Begins with what the closing at `until` came to, or with nothing.
async fn after(c: &mut DbConnection, until: Option<Timestamp>, closed_at: Timestamp) -> Result<Closing, WalletError> {
    let totals = match until {
        Some(last) => closings::kept(c, last).await?,
        None => Totals::new(),
    };
    Ok(Closing { closed_at, until, totals })
}

impl Closing {
    pub fn into_totals(self) -> Totals {
        self.totals
    }
}

/// Adds up the next postings. `Ok(false)`: there are no more.
pub async fn add(c: &mut DbConnection, closing: &mut Closing) -> Result<bool, WalletError> {
    let Closing { closed_at, until, totals } = closing;
    if *until == Some(*closed_at) {
        return Ok(false);
    }
    let step = entries::time_of_nth(c, *until, STEP).await?.map_or(*closed_at, |at| at.min(*closed_at));
    add_up(totals, entries::moved(c, *until, Some(step)).await?)?;
    *until = Some(step);
    Ok(true)
}

/// Saves a closing, unless nothing was ever posted. Another instance may just have saved the same.
pub async fn save(c: &mut DbConnection, closing: &Closing) -> Result<(), WalletError> {
    let mut totals = closing.totals.clone();
    if totals.is_empty() {
        return Ok(());
    }
    // Every account has a row.
    add_up(&mut totals, Account::ALL.iter().map(|account| (*account, Money::ZERO)).collect())?;
    Ok(closings::insert(c, closing.closed_at, totals).await?)
}
