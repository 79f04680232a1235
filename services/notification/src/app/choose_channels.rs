//! A member's choice of channels and times, and the browsers with web push.

use crate::domain::schedule::DeliveryTimes;
use crate::domain::subscription::MAX_SUBSCRIPTIONS;
use crate::domain::{Channel, NotificationKind};
use crate::store::channel_choices::{self, ChannelChoice};
use crate::store::members::{self, MemberRow};
use crate::store::push_subscriptions::{self, SubscriptionRow};
use db::DbConnection;
use diesel::QueryResult;
use domain::UserId;
use std::collections::BTreeMap;

/// What a member chose; what is not in `channels` has its default.
pub(crate) struct Choices {
    pub(crate) channels: BTreeMap<(NotificationKind, Channel), bool>,
    pub(crate) times: DeliveryTimes,
}

/// Loads the choices of the member.
pub(crate) async fn load(c: &mut DbConnection, user: UserId) -> QueryResult<Choices> {
    let choices = channel_choices::list(c, &[user]).await?;
    Ok(Choices {
        channels: choices.into_iter().map(|choice| ((choice.kind, choice.channel), choice.is_on)).collect(),
        times: members::find(c, user).await?.map(|member| member.times()).unwrap_or_default(),
    })
}

/// Changes these choices; the others remain.
pub(crate) async fn set_channels(
    c: &mut DbConnection,
    user: UserId,
    chosen: &BTreeMap<(NotificationKind, Channel), bool>,
) -> QueryResult<()> {
    let choices: Vec<ChannelChoice> = chosen
        .iter()
        .map(|((kind, channel), is_on)| ChannelChoice { user_id: user, kind: *kind, channel: *channel, is_on: *is_on })
        .collect();
    channel_choices::save(c, &choices).await
}

/// Replaces the times of deliveries.
pub(crate) async fn set_times(c: &mut DbConnection, user: UserId, times: DeliveryTimes) -> QueryResult<()> {
    members::save_times(c, user, times).await
}

/// Saves a browser of the member. Deletes the oldest beyond [`MAX_SUBSCRIPTIONS`].
pub(crate) async fn subscribe(c: &mut DbConnection, row: &SubscriptionRow) -> QueryResult<()> {
    // Serialises the subscriptions of a member.
    let _member: Vec<MemberRow> = members::lock_or_insert(c, &[row.user_id]).await?;
    push_subscriptions::save(c, row).await?;
    let all = push_subscriptions::list(c, &[row.user_id]).await?;
    let surplus = all.len().saturating_sub(MAX_SUBSCRIPTIONS);
    for oldest in all.iter().filter(|other| other.id != row.id).take(surplus) {
        push_subscriptions::delete(c, oldest.id).await?;
    }
    Ok(())
}
