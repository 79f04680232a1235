//! Handlers of a member's choices: channels for each kind, quiet hours and digest.

use crate::NotificationState;
use crate::app::choose_channels::{self, Choices};
use crate::domain::delivery::Recipient;
use crate::domain::schedule::{DeliveryTimes, QuietHours, TimeOfDay};
use crate::domain::{Channel, NotificationKind};
use crate::error::NotificationError;
use actix_web::web;
use http_api::{Body, Caller, Json, Problem, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The channels of every kind of notification, and when they are used. The list in the application has all
/// notifications.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PreferencesView {
    kinds: BTreeMap<NotificationKind, BTreeMap<Channel, ChannelView>>,
    /// The channels that this platform has.
    channels: Vec<Channel>,
    #[serde(flatten)]
    times: TimesInput,
}

/// A channel of a kind.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChannelView {
    is_on: bool,
    /// Whether it cannot be turned off, because every notification of this kind is mandatory.
    is_locked: bool,
}

/// Choices to change; what is left out does not change.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PreferencesInput {
    kinds: BTreeMap<NotificationKind, BTreeMap<Channel, bool>>,
}

/// When notifications are sent. Mandatory ones are always sent at once.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct TimesInput {
    /// In which hours only mandatory notifications are sent; null: none.
    quiet_hours: Option<QuietHoursView>,
    /// When all e-mail of a day is sent as one (HH:MM, in India); null: each at once.
    digest_at: Option<String>,
}

/// Hours of the day in India, which may include midnight.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct QuietHoursView {
    /// HH:MM
    from: String,
    /// HH:MM, exclusive.
    until: String,
}

/// Notification preferences.
#[operation]
pub(super) async fn get(state: web::Data<NotificationState>, caller: Caller) -> Result<Json<PreferencesView>, Problem> {
    let choices = choose_channels::load(&mut *state.ctx.db().read().await?, caller.user_id).await?;
    Ok(Json::new(view(&state, choices)))
}

/// Change the channels of kinds of notifications.
///
/// 422 `notification.mandatory` for a channel that cannot be turned off, 422 `notification.no_such_channel` for one
/// that the kind does not have.
#[operation]
pub(super) async fn set_channels(
    state: web::Data<NotificationState>,
    caller: Caller,
    body: Body<PreferencesInput>,
) -> Result<Json<PreferencesView>, Problem> {
    let requested = body.read().await?.kinds;
    let mut chosen = BTreeMap::new();
    for (kind, channels) in requested {
        for (channel, is_on) in channels {
            if !kind.channels().any(|offered| offered == channel) {
                return Err(NotificationError::NoSuchChannel(kind, channel).into());
            }
            if !is_on && !kind.may_mute(channel) {
                return Err(NotificationError::Mandatory(kind, channel).into());
            }
            chosen.insert((kind, channel), is_on);
        }
    }
    let (user, chosen) = (caller.user_id, &chosen);
    let saved = state
        .ctx
        .tx(async |c| {
            choose_channels::set_channels(c, user, chosen).await?;
            Ok::<_, Problem>(choose_channels::load(c, user).await?)
        })
        .await?;
    Ok(Json::new(view(&state, saved)))
}

/// Change the times at which notifications are sent.
///
/// 422 `notification.bad_times` for a time that is not one, and for quiet hours without length.
#[operation]
pub(super) async fn set_times(
    state: web::Data<NotificationState>,
    caller: Caller,
    body: Body<TimesInput>,
) -> Result<Json<PreferencesView>, Problem> {
    let times = read_times(&body.read().await?)?;
    let user = caller.user_id;
    let saved = state
        .ctx
        .tx(async |c| {
            choose_channels::set_times(c, user, times).await?;
            Ok::<_, Problem>(choose_channels::load(c, user).await?)
        })
        .await?;
    Ok(Json::new(view(&state, saved)))
}

fn read_times(input: &TimesInput) -> Result<DeliveryTimes, NotificationError> {
    let time = |text: &String| text.parse::<TimeOfDay>().map_err(|_| NotificationError::BadTimes);
    let quiet_hours = match &input.quiet_hours {
        Some(QuietHoursView { from, until }) => Some(QuietHours { from: time(from)?, until: time(until)? }),
        None => None,
    };
    if quiet_hours.is_some_and(|quiet| quiet.from == quiet.until) {
        return Err(NotificationError::BadTimes);
    }
    Ok(DeliveryTimes { quiet_hours, digest_at: input.digest_at.as_ref().map(time).transpose()? })
}

fn view(state: &NotificationState, Choices { channels, times }: Choices) -> PreferencesView {
    let recipient = Recipient { choices: channels, ..Recipient::default() };
    let available = &state.policy.channels;
    let of_kind = |kind: NotificationKind| {
        let offered = kind.channels().filter(|channel| available.contains(channel));
        let channels = offered.map(|channel| {
            let is_locked = !kind.may_mute(channel);
            (channel, ChannelView { is_on: is_locked || recipient.wants(kind, channel), is_locked })
        });
        (kind, channels.collect())
    };
    let quiet = times.quiet_hours;
    PreferencesView {
        kinds: NotificationKind::ALL.iter().map(|kind| of_kind(*kind)).collect(),
        channels: available.clone(),
        times: TimesInput {
            quiet_hours: quiet
                .map(|quiet| QuietHoursView { from: quiet.from.to_string(), until: quiet.until.to_string() }),
            digest_at: times.digest_at.map(|time| time.to_string()),
        },
    }
}
