//! Signals that members have new notifications, from whoever stores them to the open streams.

use crate::streams::OpenStreams;
use domain::UserId;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Port for signals. An implementation for several processes publishes to all of them; each then calls
/// [`OpenStreams::wake`] for what it receives.
#[async_trait::async_trait]
pub(crate) trait NotificationSignal: Send + Sync + 'static {
    /// Announces that these members have new notifications, after the commit. A signal may be lost: a stream polls
    /// as a fallback.
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
