//! Posting epochs: the position and posting time up to which the journal is final, found by locks and not by clocks.
//!
//! On SQLite write transactions run one at a time, so an epoch is settled when it begins. On MySQL a transaction may
//! commit long after it took its positions and read its clock, so positions become visible out of order. Therefore each
//! posting transaction holds a shared lock on the row of its epoch, and an epoch is settled once the rows of earlier
//! epochs can be deleted. A transaction that stays open delays the next boundary and nothing else: later transactions
//! join the newer epoch.

use crate::domain::Epoch;
use crate::error::WalletError;
use crate::store::epochs;
use db::DbConnection;
use domain::Timestamp;

/// Attempts to lock the newest epoch. An attempt fails when the row was just deleted; the next one finds a newer row.
const MAX_JOIN_ATTEMPTS: u32 = 8;

/// Locks the newest epoch, shared, until the posting transaction ends. Errors with `NoPostingEpoch` after too many
/// attempts.
pub async fn join(c: &mut DbConnection) -> Result<Epoch, WalletError> {
    for _ in 0..MAX_JOIN_ATTEMPTS {
        if let Some(epoch) = epochs::lock_newest_shared(c).await? {
            return Ok(epoch);
        }
    }
    Err(WalletError::NoPostingEpoch)
}

/// The epoch work that is due.
pub struct DueEpochWork {
    /// The epoch to begin.
    pub next: Option<Epoch>,
    /// Whether there are two epochs, so that the newer one is to be settled.
    pub unsettled: bool,
}

/// Finds whether another epoch is to begin or the newest is to be settled.
pub async fn find_due(c: &mut DbConnection, now: Timestamp) -> Result<DueEpochWork, WalletError> {
    let all = epochs::list(c).await?;
    let [only] = all.as_slice() else { return Ok(DueEpochWork { next: None, unsettled: !all.is_empty() }) };
    // Read before the epoch exists, so that transactions that join it get greater positions.
    let visible = epochs::last_positions(c).await?;
    Ok(DueEpochWork { next: only.next(now, visible), unsettled: false })
}

/// Begins an epoch, which later posting transactions join. Does nothing when another instance has begun it.
pub async fn begin(c: &mut DbConnection, epoch: Epoch) -> Result<(), WalletError> {
    epochs::insert(c, epoch).await?;
    Ok(())
}

/// Settles the newest epoch if no transaction of an earlier epoch is open. Does not wait for locks.
pub async fn settle_newest(c: &mut DbConnection) -> Result<(), WalletError> {
    let mut all = epochs::list(c).await?;
    all.pop();
    for earlier in all {
        if !epochs::delete_unless_locked(c, earlier.number).await? {
            break;
        }
    }
    Ok(())
}

/// The newest settled epoch, which is the oldest one stored. Errors with `NoPostingEpoch` when there is none.
pub async fn load_settled(c: &mut DbConnection) -> Result<Epoch, WalletError> {
    epochs::list(c).await?.into_iter().next().ok_or(WalletError::NoPostingEpoch)
}
