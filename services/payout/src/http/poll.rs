//! Polling for events of other services that are still in delivery, before a refusal that depends on them is final.

use std::time::Duration;

const POLL_INTERVAL: Duration = Duration::from_millis(50);
const POLL_ATTEMPTS: u32 = 30;

/// Remaining attempts of one request: 30 attempts, 50 ms apart, outside any transaction.
pub(super) struct PollAttempts(u32);

impl PollAttempts {
    pub(super) fn new() -> Self {
        Self(POLL_ATTEMPTS)
    }
    /// Waits one interval. Returns false, without waiting, if no attempt is left.
    pub(super) async fn wait(&mut self) -> bool {
        let Some(left) = self.0.checked_sub(1) else { return false };
        self.0 = left;
        tokio::time::sleep(POLL_INTERVAL).await;
        true
    }
}
