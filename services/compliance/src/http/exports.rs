//! Limit of exports that are made at a time.

use chassis::http::Problem;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Exports that one process makes at a time: each holds a connection and its whole file in memory.
const MAX_EXPORTS: usize = 1;
const RETRY_AFTER_SECS: u64 = 5;

/// Turns for exports. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Exports(Arc<Semaphore>);

impl Default for Exports {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_EXPORTS)))
    }
}

impl Exports {
    /// A turn, until it is dropped; 429 where all are taken.
    pub(crate) fn begin(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = |_| {
            Problem::too_many("compliance.export_busy", "as many exports as may be are being made", RETRY_AFTER_SECS)
        };
        Arc::clone(&self.0).try_acquire_owned().map_err(busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_export_too_many_is_told_to_come_back() {
        let exports = Exports::default();
        let mut turns: Vec<_> = (0..MAX_EXPORTS).map(|_| exports.begin().expect("a turn")).collect();
        let refused = exports.clone().begin().expect_err("all are taken");
        assert_eq!((refused.status.as_u16(), refused.retry_after_secs()), (429, Some(RETRY_AFTER_SECS)));
        turns.pop();
        assert!(exports.begin().is_ok());
    }
}
