//! The tree of this process and the number of its latest batch.

use super::follow::follow;
use super::snapshot::load_newest;
use crate::domain::Tree;
use crate::error::BinaryError;
use db::DbConnection;

/// The id of no batch.
pub const NO_BATCH: u64 = 0;

/// The tree and the number of its latest batch.
#[derive(Default)]
pub struct TreeState {
    pub tree: Tree,
    pub(super) batch_id: u64,
    /// Set when the journal did not continue a snapshot: it is replayed from its beginning from then on.
    pub(super) ignores_snapshots: bool,
}

impl TreeState {
    /// Applies the journal entries up to `head`. An empty tree starts with the newest snapshot.
    pub(super) async fn catch_up(&mut self, c: &mut DbConnection, head: i64) -> Result<(), BinaryError> {
        if self.tree.seq() > 0 || head == 0 || self.ignores_snapshots {
            return follow(c, &mut self.tree, head).await;
        }
        let Some(loaded) = load_newest(c, head).await? else { return follow(c, &mut self.tree, head).await };
        self.tree = loaded;
        match follow(c, &mut self.tree, head).await {
            Err(error @ (BinaryError::Journal(_) | BinaryError::Tree(_))) => {
                tracing::error!(%error, "the journal does not continue the tree snapshot: it is replayed");
                (self.ignores_snapshots, self.tree) = (true, Tree::default());
                follow(c, &mut self.tree, head).await
            }
            outcome => outcome,
        }
    }
}
