//! The one tree of this process: who may change it, and how readers see only what is committed.
//!
//! A writer locks the journal's head in its transaction, brings the tree up to it, applies its inputs under
//! an undo log and writes their rows. Whether that commits is known only later; until then the tree is
//! undecided. Whoever meets an undecided tree and cannot wait takes the batch back: if it did commit, the
//! journal has it and following the journal applies it again. So memory can be late but never wrong.

use super::batch::Batch;
use super::follow::follow;
use crate::domain::Tree;
use crate::error::Failure;
use crate::store::journal;
use db::DbConnection;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OwnedRwLockReadGuard, RwLock};

/// How long a reader waits for a batch to be decided before it takes it back.
const PATIENCE: Duration = Duration::from_millis(250);

/// The tree, and the batch it holds undecided.
#[derive(Default)]
pub struct Held {
    pub tree: Tree,
    pub(super) ticket: u64,
}

#[derive(Default)]
pub struct Keeper {
    held: Arc<RwLock<Held>>,
    decided: Notify,
}

impl Keeper {
    /// Begins a batch of inputs in the transaction at hand. Every other writer waits for its end.
    pub async fn begin(&self, c: &mut DbConnection) -> Result<Batch, Failure> {
        // The tree follows what the journal holds; that must not be another transaction's rows that are rolled back.
        c.commit_alone()?;
        let head = journal::lock_head(c).await?;
        let mut held = Arc::clone(&self.held).write_owned().await;
        held.tree.take_back();
        if held.tree.seq() > head {
            // Only a database put back to an earlier state can be behind its own reader.
            held.tree = Tree::default();
        }
        follow(c, &mut held.tree, head).await?;
        held.tree.begin();
        held.ticket += 1;
        Ok(Batch::new(held, head))
    }

    /// The batch with this ticket is committed.
    pub async fn committed(&self, ticket: u64) {
        let mut held = self.held.write().await;
        // Another writer may have taken the batch back and followed the journal instead.
        if held.ticket == ticket {
            held.tree.keep();
        }
        drop(held);
        self.decided.notify_waiters();
    }

    /// The tree as of everything committed.
    pub async fn read(&self, c: &mut DbConnection) -> Result<OwnedRwLockReadGuard<Held>, Failure> {
        let head = journal::head(c).await?;
        loop {
            let decided = self.decided.notified();
            tokio::pin!(decided);
            decided.as_mut().enable();
            let undecided = {
                let held = Arc::clone(&self.held).read_owned().await;
                if !held.tree.is_undecided() && held.tree.seq() >= head {
                    return Ok(held);
                }
                held.tree.is_undecided()
            };
            if undecided && tokio::time::timeout(PATIENCE, decided).await.is_ok() {
                continue;
            }
            let mut held = self.held.write().await;
            held.tree.take_back();
            follow(c, &mut held.tree, head).await?;
        }
    }
}
