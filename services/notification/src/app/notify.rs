//! Storing of notices with their deliveries.

use crate::domain::delivery::{Contact, DeliveryState, MemberContact, Recipient, decide_deliveries};
use crate::domain::notice::{decide_keep, next_id};
use crate::domain::{Channel, Notice, NotificationId};
use crate::store::deliveries::{self, DeliveryRow, Target};
use crate::store::members::{self, MemberRow};
use crate::store::notifications::{self, NotificationRow};
use crate::store::{channel_choices, push_subscriptions};
use db::DbConnection;
use diesel::QueryResult;
use domain::{Timestamp, UserId};
use runtime::id;
use std::collections::{BTreeMap, BTreeSet};

/// What this installation does with notifications.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// Channels that are configured.
    pub(crate) channels: Vec<Channel>,
    /// Days after which read notifications are deleted; `None`: never.
    pub(crate) keep_read_days: Option<i64>,
}

/// Saves the newest addresses and languages of members, at most one row for each.
pub(crate) async fn save_contacts(c: &mut DbConnection, contacts: Vec<MemberContact>) -> QueryResult<()> {
    if contacts.is_empty() {
        return Ok(());
    }
    let rows: Vec<MemberRow> = contacts.into_iter().map(MemberRow::from).collect();
    members::save_contacts(c, &rows).await
}

/// Stores the notices and queues their deliveries. What is stored under a known cause does not change. Returns the
/// members of all notices, including those stored before.
pub(crate) async fn store_notices(
    c: &mut DbConnection,
    notices: Vec<(Vec<Vec<u8>>, Notice)>,
    policy: &Policy,
    now: Timestamp,
) -> QueryResult<BTreeSet<UserId>> {
    let notices: Vec<_> =
        notices.into_iter().filter(|(_, notice)| decide_keep(notice.at, policy.keep_read_days, now)).collect();
    let users: BTreeSet<UserId> = notices.iter().map(|(_, notice)| notice.user_id).collect();
    if users.is_empty() {
        return Ok(users);
    }
    let ids: Vec<UserId> = users.iter().copied().collect();
    let mut members: BTreeMap<UserId, MemberRow> =
        members::lock_or_insert(c, &ids).await?.into_iter().map(|row| (row.user_id, row)).collect();
    let recipients = load_recipients(c, &members, policy).await?;
    let (mut rows, mut planned) = (Vec::with_capacity(notices.len()), Vec::new());
    for (cause, notice) in notices {
        let (Some(member), Some(recipient)) = (members.get_mut(&notice.user_id), recipients.get(&notice.user_id))
        else {
            continue;
        };
        let cause: Vec<&[u8]> = cause.iter().map(Vec::as_slice).collect();
        let cause: NotificationId = id::derived(&cause);
        planned.extend(plan(cause, &notice, recipient, policy, now));
        let id = next_id(member.last_notification_id, id::fresh());
        member.last_notification_id = Some(id);
        rows.push(NotificationRow::new(id, cause, notice));
    }
    notifications::insert_new(c, &rows).await?;
    let members: Vec<MemberRow> = members.into_values().collect();
    members::save_last_ids(c, &members).await?;
    deliveries::insert_new(c, &planned).await?;
    Ok(users)
}

/// The deliveries of a notice.
fn plan(
    cause: NotificationId,
    notice: &Notice,
    recipient: &Recipient,
    policy: &Policy,
    now: Timestamp,
) -> Vec<DeliveryRow> {
    let planned = decide_deliveries(notice.template.line(), recipient, &policy.channels, notice.at, now);
    let rows = planned.into_iter().map(|delivery| DeliveryRow {
        id: id::fresh(),
        cause,
        channel: delivery.channel,
        target: delivery.subscription.map_or_else(Target::address, |id| Target::from(id.uuid())),
        user_id: notice.user_id,
        template: notice.template.as_str().to_owned(),
        state: DeliveryState::Queued,
        held_for: delivery.due.held_for,
        due_at: delivery.due.at,
        try_at: delivery.due.at,
        attempts: 0,
        last_error: None,
        created_at: now,
        finished_at: None,
    });
    rows.collect()
}

/// What is known of these members, for the decision about deliveries.
async fn load_recipients(
    c: &mut DbConnection,
    members: &BTreeMap<UserId, MemberRow>,
    policy: &Policy,
) -> QueryResult<BTreeMap<UserId, Recipient>> {
    let users: Vec<UserId> = members.keys().copied().collect();
    let mut recipients: BTreeMap<UserId, Recipient> =
        members.values().map(|member| (member.user_id, recipient(member))).collect();
    for choice in channel_choices::list(c, &users).await? {
        if let Some(recipient) = recipients.get_mut(&choice.user_id) {
            recipient.choices.insert((choice.kind, choice.channel), choice.is_on);
        }
    }
    if policy.channels.contains(&Channel::Push) {
        for subscription in push_subscriptions::list(c, &users).await? {
            if let Some(recipient) = recipients.get_mut(&subscription.user_id) {
                recipient.subscriptions.push(subscription.id);
            }
        }
    }
    Ok(recipients)
}

fn recipient(member: &MemberRow) -> Recipient {
    let contact = Contact { has_email: member.email.is_some(), has_mobile: member.mobile.is_some() };
    Recipient { contact: (member.version > 0).then_some(contact), times: member.times(), ..Recipient::default() }
}
