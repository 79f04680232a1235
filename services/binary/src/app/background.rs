//! Background execution of journal replays, off the threads that serve requests.

use crate::error::BinaryError;

/// Runs `work` on a blocking thread. Errors with `Journal` when it panics.
pub async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BinaryError> + Send + 'static,
) -> Result<T, BinaryError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| BinaryError::Journal(e.to_string()))?
}
