//! Closings: the total of every account at a past instant, computed by a job once no posting can be added before it.

use super::rollup::add_to_totals;
use crate::domain::{Account, Epoch};
use crate::error::WalletError;
use crate::store::closings::{self, Totals};
use crate::store::entries;
use db::DbConnection;
use domain::{Money, Timestamp};

/// Shortest time between two closings. A past trial balance adds up about this much time of postings after the closing
/// before it.
const MIN_CLOSING_INTERVAL_SECS: i64 = 300;
/// Postings added in one step, besides those with the same posting time as the last of them.
const MAX_STEP_POSTINGS: i64 = 5_000;

/// A closing in progress: the totals of all accounts, as far as they are added up.
pub struct Closing {
    closed_at: Timestamp,
    /// Postings until this time are in the totals.
    until: Option<Timestamp>,
    totals: Totals,
}

/// Begins a closing at the floor of a settled epoch, from the totals of the last closing. `None` when the last closing
/// is too recent.
pub async fn begin(c: &mut DbConnection, settled: &Epoch) -> Result<Option<Closing>, WalletError> {
    let closed_at = settled.floor_at;
    let until = closings::find_last(c, None).await?;
    if until.is_some_and(|last| closed_at < last.plus_secs(MIN_CLOSING_INTERVAL_SECS)) {
        return Ok(None);
    }
    Ok(Some(begin_from(c, until, closed_at).await?))
}

/// Begins to add up the totals at `at`, from the last closing until it.
pub async fn begin_as_of(c: &mut DbConnection, at: Timestamp) -> Result<Closing, WalletError> {
    let until = closings::find_last(c, Some(at)).await?;
    begin_from(c, until, at).await
}

/// Begins from the totals of the closing at `until`, or from nothing.
async fn begin_from(
    c: &mut DbConnection,
    until: Option<Timestamp>,
    closed_at: Timestamp,
) -> Result<Closing, WalletError> {
    let totals = match until {
        Some(last) => closings::load_totals(c, last).await?,
        None => Totals::new(),
    };
    Ok(Closing { closed_at, until, totals })
}

impl Closing {
    /// The total of every account that has postings.
    pub fn into_totals(self) -> Totals {
        self.totals
    }

    /// The time until which postings are in the totals.
    pub fn until(&self) -> Timestamp {
        self.until.unwrap_or(self.closed_at)
    }
}

/// Adds up the next postings. Returns false when there are no more.
pub async fn add_next_postings(c: &mut DbConnection, closing: &mut Closing) -> Result<bool, WalletError> {
    let Closing { closed_at, until, totals } = closing;
    if *until == Some(*closed_at) {
        return Ok(false);
    }
    let step_end =
        entries::find_time_of_nth(c, *until, MAX_STEP_POSTINGS).await?.map_or(*closed_at, |at| at.min(*closed_at));
    add_to_totals(totals, entries::sum_by_account(c, *until, Some(step_end)).await?)?;
    *until = Some(step_end);
    Ok(true)
}

/// Saves a closing, unless nothing was ever posted. Does nothing when another instance has saved the same closing.
pub async fn save(c: &mut DbConnection, closing: &Closing) -> Result<(), WalletError> {
    let mut totals = closing.totals.clone();
    if totals.is_empty() {
        return Ok(());
    }
    // A closing has a row for every account.
    add_to_totals(&mut totals, Account::ALL.iter().map(|account| (*account, Money::ZERO)).collect())?;
    Ok(closings::insert(c, closing.closed_at, totals).await?)
}
