//! Whole replays beside the daily work: one at a time, and not on the threads that serve requests.

use crate::error::Failure;
use tokio::sync::{Mutex, MutexGuard};

/// Two whole trees at a time are enough for one process.
static TURN: Mutex<()> = Mutex::const_new(());

/// Waits until nobody else replays. Ask for a connection after it, so that those who wait keep none from others.
pub async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// Runs `work` on a thread that serves no requests.
pub async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Failure::Journal(e.to_string()))?
}
