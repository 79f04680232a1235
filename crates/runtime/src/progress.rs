//! Progress of long work.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// How far work of minutes is, for those who wait for it. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<AtomicI64>);

impl Progress {
    /// Sets the part that is done.
    pub fn set(&self, done: i64, total: i64) {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(0);
        self.set_percent(percent);
    }

    /// Sets the percentage that is done.
    pub fn set_percent(&self, percent: i64) {
        self.0.store(percent.clamp(0, 100), Ordering::Relaxed);
    }

    /// From 0 to 100.
    pub fn percent(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_a_percentage() {
        let progress = Progress::default();
        for (done, total, percent) in [(0, 0, 0), (1, 3, 33), (3, 3, 100), (4, 3, 100), (i64::MAX, 1, 100), (-1, 1, 0)]
        {
            progress.set(done, total);
            assert_eq!(progress.percent(), percent, "{done} of {total}");
        }
    }
}
