//! The shared in-memory tree of this process: exclusive writers, and readers that see committed state only.
//!
//! A writer locks the journal head in its transaction, brings the tree up to it, applies its inputs under an undo log
//! and writes their rows. The batch stays open until the commit is confirmed. A reader or writer that meets an open
//! batch and cannot wait rolls it back: if it did commit, the journal contains it and following the journal applies it
//! again. Memory can lag behind the journal but never contradict it.

use super::batch::TreeBatch;
use super::tree_state::TreeState;
use crate::domain::Tree;
use crate::error::BinaryError;
use crate::store::journal;
use db::DbConnection;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OwnedRwLockReadGuard, RwLock};

/// How long a reader waits for an open batch to be confirmed before it rolls the batch back.
const OPEN_BATCH_TIMEOUT: Duration = Duration::from_millis(250);

/// The in-memory tree behind a lock.
#[derive(Default)]
pub struct TreeStore {
    tree_state: Arc<RwLock<TreeState>>,
    batch_closed: Notify,
}

impl TreeStore {
    /// Begins a batch of inputs in the caller's transaction. Other writers wait until the transaction ends. Errors when
    /// the transaction is shared with other work.
    pub async fn begin(&self, c: &mut DbConnection) -> Result<TreeBatch, BinaryError> {
        // The tree must not follow journal rows of another unit of work that may still be rolled back.
        c.require_own_commit()?;
        let head = journal::lock_head(c).await?;
        let mut tree_state = Arc::clone(&self.tree_state).write_owned().await;
        tree_state.tree.rollback();
        if tree_state.tree.seq() > head {
            // The database is behind the tree only after a restore from a backup.
            tree_state.tree = Tree::default();
        }
        tree_state.catch_up(c, head).await?;
        tree_state.tree.begin();
        tree_state.batch_id += 1;
        Ok(TreeBatch::new(tree_state, head))
    }

    /// Confirms that the batch with this id is committed; ignores the id of any other batch.
    pub async fn confirm_commit(&self, batch_id: u64) {
        let mut tree_state = self.tree_state.write().await;
        // Another writer may have rolled the batch back and followed the journal instead.
        if tree_state.batch_id == batch_id {
            tree_state.tree.commit();
        }
        drop(tree_state);
        self.batch_closed.notify_waiters();
    }

    /// About how many members the tree has, without a connection: those of the entries that this process knows.
    pub async fn count_members(&self) -> usize {
        self.tree_state.read().await.tree.members().len()
    }

    /// The tree with every journal entry that was committed at the time of the call.
    pub async fn read(&self, c: &mut DbConnection) -> Result<OwnedRwLockReadGuard<TreeState>, BinaryError> {
        let head = journal::load_head(c).await?;
        loop {
            let closed = self.batch_closed.notified();
            tokio::pin!(closed);
            closed.as_mut().enable();
            let has_open_batch = {
                let tree_state = Arc::clone(&self.tree_state).read_owned().await;
                if !tree_state.tree.has_open_batch() && tree_state.tree.seq() >= head {
                    return Ok(tree_state);
                }
                tree_state.tree.has_open_batch()
            };
            if has_open_batch && tokio::time::timeout(OPEN_BATCH_TIMEOUT, closed).await.is_ok() {
                continue;
            }
            let mut tree_state = self.tree_state.write().await;
            tree_state.tree.rollback();
            tree_state.catch_up(c, head).await?;
        }
    }
}
