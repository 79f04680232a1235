//! Claims of due deliveries, with what is needed to send them.

use crate::domain::delivery::{CLAIM_SECS, DeliveryId, DeliveryState, decide_requeue, decide_skip};
use crate::domain::schedule::HeldFor;
use crate::domain::subscription::SubscriptionId;
use crate::domain::{Channel, NotificationId};
use crate::error::NotificationError;
use crate::store::deliveries::{self, DeliveryRow};
use crate::store::members::{self, MemberRow};
use crate::store::notifications::{self, NotificationRow};
use crate::store::push_subscriptions::{self, SubscriptionRow};
use db::DbConnection;
use diesel::QueryResult;
use domain::{Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Deliveries claimed together, which are sent at the same time.
pub(crate) const MAX_BATCH_DELIVERIES: i64 = 16;

/// Deliveries that are sent as one message: one, or those of a digest.
pub(crate) struct ClaimedMessage {
    /// Of one member and channel; at least one.
    pub(crate) deliveries: Vec<DeliveryRow>,
    /// The notifications of the deliveries, in their order.
    pub(crate) notifications: Vec<NotificationRow>,
    /// `None` while the member's addresses are not known.
    pub(crate) member: Option<MemberRow>,
    /// The browser of a web push; `None` if the member has removed it.
    pub(crate) subscription: Option<SubscriptionRow>,
}

impl ClaimedMessage {
    pub(crate) fn ids(&self) -> Vec<DeliveryId> {
        self.deliveries.iter().map(|delivery| delivery.id).collect()
    }
}

/// Claims the due deliveries of a channel, in messages. Ends those that are no longer needed. Returns whether anything
/// was due.
pub(crate) async fn claim_due(
    c: &mut DbConnection,
    channel: Channel,
    now: Timestamp,
) -> QueryResult<(bool, Vec<ClaimedMessage>)> {
    let due = deliveries::list_due(c, channel, now, MAX_BATCH_DELIVERIES).await?;
    let mut claimed: Vec<Vec<DeliveryRow>> = Vec::new();
    let mut digests = BTreeSet::new();
    for delivery in &due {
        if delivery.held_for != Some(HeldFor::Digest) {
            claimed.extend(claim(c, std::slice::from_ref(delivery), now).await?);
        } else if digests.insert((delivery.user_id, delivery.due_at)) {
            let parts = deliveries::list_digest(c, delivery.user_id, delivery.due_at, now).await?;
            claimed.extend(claim(c, &parts, now).await?);
        }
    }
    let messages = load_messages(c, claimed, now).await?;
    Ok((!due.is_empty(), messages))
}

/// Claims deliveries of one message. Returns those that no other process has claimed, or `None`.
async fn claim(c: &mut DbConnection, rows: &[DeliveryRow], now: Timestamp) -> QueryResult<Option<Vec<DeliveryRow>>> {
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        if deliveries::claim(c, row, now.plus_secs(CLAIM_SECS)).await? {
            claimed.push(DeliveryRow { attempts: row.attempts + 1, ..row.clone() });
        }
    }
    Ok((!claimed.is_empty()).then_some(claimed))
}

async fn load_messages(
    c: &mut DbConnection,
    claimed: Vec<Vec<DeliveryRow>>,
    now: Timestamp,
) -> QueryResult<Vec<ClaimedMessage>> {
    let all = || claimed.iter().flatten();
    let causes: Vec<NotificationId> = all().map(|row| row.cause).collect();
    let users: BTreeSet<UserId> = all().map(|row| row.user_id).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let targets: Vec<SubscriptionId> = all().map(|row| SubscriptionId::from(row.target.uuid())).collect();
    let found = notifications::list_by_cause(c, &causes).await?;
    let found: BTreeMap<NotificationId, NotificationRow> = found.into_iter().map(|row| (row.cause, row)).collect();
    let members = members::list(c, &users).await?;
    let subscriptions = push_subscriptions::list_by_id(c, &targets).await?;
    let mut messages = Vec::with_capacity(claimed.len());
    for rows in claimed {
        let (needed, obsolete): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| is_needed(row, &found));
        let obsolete: Vec<DeliveryId> = obsolete.iter().map(|row| row.id).collect();
        deliveries::finish(c, &obsolete, DeliveryState::Skipped, Some("read in the application"), now).await?;
        let Some(first) = needed.first() else { continue };
        let (user, target) = (first.user_id, first.target.uuid());
        messages.push(ClaimedMessage {
            notifications: needed.iter().filter_map(|row| found.get(&row.cause).cloned()).collect(),
            member: members.iter().find(|member| member.user_id == user && member.version > 0).cloned(),
            // The member may have signed out of the browser, and another one in.
            subscription: subscriptions.iter().find(|row| row.id.uuid() == target && row.user_id == user).cloned(),
            deliveries: needed,
        });
    }
    Ok(messages)
}

/// Whether a delivery is still to be sent: its notification exists, and was not read while the delivery was held.
fn is_needed(row: &DeliveryRow, found: &BTreeMap<NotificationId, NotificationRow>) -> bool {
    let notification = found.get(&row.cause);
    notification.is_some_and(|notification| !decide_skip(row.held_for.is_some(), notification.read_at.is_some()))
}

/// Queues a delivery again that has failed for good. Errors for any other, and for an unknown one.
pub(crate) async fn requeue(
    c: &mut DbConnection,
    id: DeliveryId,
    now: Timestamp,
) -> Result<DeliveryRow, NotificationError> {
    let row = deliveries::lock(c, id).await?.ok_or(NotificationError::NotFound)?;
    if !decide_requeue(row.state) {
        return Err(NotificationError::NotFailed(row.state));
    }
    deliveries::requeue(c, id, now).await?;
    Ok(deliveries::lock(c, id).await?.unwrap_or(row))
}
