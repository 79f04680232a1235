//! Signals of new notifications, from the consumer that stores them to the open streams.

use crate::streams::OpenStreams;
use domain::UserId;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Port for signals. An implementation for several processes publishes to all of them, and each process passes received
/// signals to [`OpenStreams::wake`].
#[async_trait::async_trait]
pub(crate) trait NotificationSignal: Send + Sync + 'static {
    /// Announces, after the commit, that these members have new notifications. A signal may be lost, because streams
    /// also poll.
    async fn announce(&self, members: &BTreeSet<UserId>);
}

/// Signals within this process.
pub(crate) struct LocalSignal(pub(crate) Arc<OpenStreams>);

#[async_trait::async_trait]
impl NotificationSignal for LocalSignal {
    async fn announce(&self, members: &BTreeSet<UserId>) {
        self.0.wake(members);
    }
}
