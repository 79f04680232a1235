//! News of other services may be on its way: a refusal that rests on it is considered again for a moment.

use std::time::Duration;

const STEP: Duration = Duration::from_millis(50);
const STEPS: u32 = 30;

/// About a second and a half in all, outside any transaction.
pub(super) struct Patience(u32);

impl Patience {
    pub(super) fn new() -> Self {
        Self(STEPS)
    }
    /// Waits a step; false when patience has run out.
    pub(super) async fn wait(&mut self) -> bool {
        let Some(left) = self.0.checked_sub(1) else { return false };
        self.0 = left;
        tokio::time::sleep(STEP).await;
        true
    }
}
