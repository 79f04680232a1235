//! Whole replays beside the daily work, not on the threads that serve requests.

use crate::error::Failure;

/// Runs `work` on a thread that serves no requests.
pub async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Failure::Journal(e.to_string()))?
}
