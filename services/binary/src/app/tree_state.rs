//! The tree of this process and the number of its latest batch.

use crate::domain::Tree;

/// The id of no batch.
pub const NO_BATCH: u64 = 0;

/// The tree and the number of its latest batch.
#[derive(Default)]
pub struct TreeState {
    pub tree: Tree,
    pub(super) batch_id: u64,
}
