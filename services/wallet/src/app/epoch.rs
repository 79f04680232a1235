//! Decides which postings have ended, by locks and positions and not by time.
//!
//! On SQLite transactions that write take turns, so an epoch is settled when it begins. On MySQL a transaction may
//! commit long after it took its positions and read its clock, so positions become visible out of order. Waiting for
//! some minutes would be a guess: here each transaction that posts holds a shared lock on its epoch's row, and an epoch
//! is settled once the rows before it can be removed. A transaction that stays open delays the next boundary and nothing
//! else: whoever posts meanwhile joins the newer epoch.

use crate::domain::Epoch;
use crate::error::WalletError;
use crate::store::epochs;
use db::DbConnection;
use domain::Timestamp;

/// Reads that come after a row that was just removed; each finds a newer one.
const TRIES: u32 = 8;

/// The epoch of a transaction that is going to post, held until it ends.
pub async fn join(c: &mut DbConnection) -> Result<Epoch, WalletError> {
    for _ in 0..TRIES {
        if let Some(epoch) = epochs::hold(c).await? {
            return Ok(epoch);
        }
    }
    Err(WalletError::NoEpoch)
}

/// What there is to do about epochs.
pub struct Due {
    /// The epoch to begin.
    pub next: Option<Epoch>,
    /// Whether there are two, so that the newer has to be settled.
    pub unsettled: bool,
}

/// Whether it is time for another epoch, or to settle the newest.
pub async fn due(c: &mut DbConnection, now: Timestamp) -> Result<Due, WalletError> {
    let all = epochs::all(c).await?;
    let [only] = all.as_slice() else { return Ok(Due { next: None, unsettled: !all.is_empty() }) };
    // Read before the epoch is there: positions given to whoever joins it are greater.
    let seen = epochs::last_positions(c).await?;
    Ok(Due { next: only.next(now, seen), unsettled: false })
}

/// Begins an epoch: those who post from now on join it. Does nothing where another instance has just done so.
pub async fn begin(c: &mut DbConnection, epoch: Epoch) -> Result<(), WalletError> {
    epochs::begin(c, epoch).await?;
    Ok(())
}

/// Settles the newest epoch if no transaction of an earlier one is open. Never waits for one.
pub async fn settle(c: &mut DbConnection) -> Result<(), WalletError> {
    let mut all = epochs::all(c).await?;
    all.pop();
    for earlier in all {
        if !epochs::remove(c, earlier.number).await? {
            break;
        }
    }
    Ok(())
}

/// The newest settled epoch: the oldest there is.
pub async fn settled(c: &mut DbConnection) -> Result<Epoch, WalletError> {
    epochs::all(c).await?.into_iter().next().ok_or(WalletError::NoEpoch)
}
