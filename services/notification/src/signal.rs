//! Signals of new notifications and of changed data, from the consumer to the open streams.

use crate::domain::Area;
use domain::UserId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What has changed for one member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MemberSignal {
    /// Whether notifications were stored.
    pub(crate) has_notifications: bool,
    /// Areas of the member's data that changed.
    pub(crate) changed: BTreeSet<Area>,
}

/// A signal for each member of whom something changed.
pub(crate) type Signals = BTreeMap<UserId, MemberSignal>;

/// Port for signals.
#[async_trait::async_trait]
pub(crate) trait NotificationSignal: Send + Sync + 'static {
    /// Announces after the commit what has changed for these members.
    async fn announce(&self, signals: &Signals);
}
