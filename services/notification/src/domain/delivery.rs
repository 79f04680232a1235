//! Deliveries of notifications outside the application: which ones a notification has, and what follows an attempt.

use super::kinds::Line;
use super::schedule::{DeliveryTimes, Due, decide_due};
use super::subscription::SubscriptionId;
use super::{Channel, Locale, NotificationKind};
use domain::{Timestamp, UserId};
use std::collections::BTreeMap;

domain::id_type! {
    /// Id of a delivery.
    DeliveryId,
}

domain::text_enum! {
    /// State of a delivery.
    pub enum DeliveryState {
        /// Waits for its time or its next attempt.
        Queued = "queued",
        Sent = "sent",
        /// The provider refused the recipient or the message.
        Bounced = "bounced",
        /// Given up after attempts for as long as the settings say.
        Dead = "dead",
        /// Not needed any more: read in the application meanwhile, or the member has no such address.
        Skipped = "skipped",
    }
}

/// Age of a fact, in hours, from which it is shown in the application only: a message would mislead.
const MAX_FACT_AGE_HOURS: i64 = 72;
/// Time for which one process has a claimed delivery to itself.
pub const CLAIM_SECS: i64 = 120;
const FIRST_RETRY_SECS: i64 = 30;
const MAX_RETRY_SECS: i64 = 3_600;

/// What is known of the member for whom a notification is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipient {
    /// `None` until the event of the registration has arrived: the delivery then waits for the address.
    pub contact: Option<Contact>,
    pub times: DeliveryTimes,
    /// Choices that differ from the defaults.
    pub choices: BTreeMap<(NotificationKind, Channel), bool>,
    /// Browsers with web push.
    pub subscriptions: Vec<SubscriptionId>,
}

/// Addresses and language of a member, with their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberContact {
    pub user_id: UserId,
    pub version: i64,
    pub email: Option<String>,
    pub mobile: Option<String>,
    pub locale: Locale,
}

/// Which addresses a member has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contact {
    pub has_email: bool,
    pub has_mobile: bool,
}

impl Recipient {
    /// Whether the member wants notifications of this kind on this channel.
    pub fn wants(&self, kind: NotificationKind, channel: Channel) -> bool {
        self.choices.get(&(kind, channel)).copied().unwrap_or_else(|| kind.is_on_by_default(channel))
    }
}

/// A delivery that a notification has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedDelivery {
    pub channel: Channel,
    /// The browser of a web push.
    pub subscription: Option<SubscriptionId>,
    pub due: Due,
}

/// Decides the deliveries of a notification about a fact at `at`. `available` are the channels that this installation
/// has.
pub fn decide_deliveries(
    line: &Line,
    recipient: &Recipient,
    available: &[Channel],
    at: Timestamp,
    now: Timestamp,
) -> Vec<PlannedDelivery> {
    if at.plus_hours(MAX_FACT_AGE_HOURS) < now {
        return Vec::new();
    }
    let contact = recipient.contact;
    let wanted = line
        .channels
        .iter()
        .copied()
        .filter(|channel| available.contains(channel) && (line.mandatory || recipient.wants(line.kind, *channel)));
    let mut planned = Vec::new();
    for channel in wanted {
        let due = decide_due(recipient.times, channel, line.mandatory, now);
        let to_address = PlannedDelivery { channel, subscription: None, due };
        match channel {
            Channel::Email if contact.is_none_or(|contact| contact.has_email) => planned.push(to_address),
            Channel::Sms if contact.is_none_or(|contact| contact.has_mobile) => planned.push(to_address),
            Channel::Email | Channel::Sms => {}
            Channel::Push => {
                let each = recipient.subscriptions.iter();
                planned.extend(each.map(|id| PlannedDelivery { subscription: Some(*id), ..to_address }));
            }
        }
    }
    planned
}

/// What follows an attempt that may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    RetryAt(Timestamp),
    GiveUp,
}

/// Decides what follows the `attempts`th failed attempt of a delivery that was due at `due_at`: the next one after 30
/// seconds, then after twice the time, up to an hour, until `max_hours` after it was due.
pub fn decide_after_failure(attempts: i64, due_at: Timestamp, max_hours: i64, now: Timestamp) -> AfterFailure {
    let doublings = attempts.clamp(1, 16) - 1;
    let next = now.plus_secs((FIRST_RETRY_SECS << doublings).min(MAX_RETRY_SECS));
    if next > due_at.plus_hours(max_hours) { AfterFailure::GiveUp } else { AfterFailure::RetryAt(next) }
}

/// Whether a delivery that was held is no longer needed, because the member has read the notification meanwhile.
pub fn decide_skip(is_held: bool, is_read: bool) -> bool {
    is_held && is_read
}

/// Whether staff may queue a delivery again: only one that has failed for good.
pub fn decide_requeue(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Bounced | DeliveryState::Dead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Template;
    use Channel::{Email, Push, Sms};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const ALL: [Channel; 3] = [Email, Sms, Push];

    fn recipient() -> Recipient {
        let subscriptions = vec![SubscriptionId::from(uuid::Uuid::nil()), SubscriptionId::from(uuid::Uuid::max())];
        let contact = Some(Contact { has_email: true, has_mobile: true });
        Recipient { contact, subscriptions, ..Recipient::default() }
    }

    fn channels(template: Template, recipient: &Recipient, available: &[Channel]) -> Vec<Channel> {
        let planned = decide_deliveries(template.line(), recipient, available, NOW, NOW);
        planned.into_iter().map(|delivery| delivery.channel).collect()
    }

    #[test]
    fn a_notification_goes_to_each_address_and_browser_that_the_member_has() {
        let all = recipient();
        assert_eq!(channels(Template::NewDevice, &all, &ALL), [Email, Sms, Push, Push]);
        assert_eq!(channels(Template::NewDevice, &all, &[Email]), [Email]);
        let no_mobile = Contact { has_email: true, has_mobile: false };
        let by_mail = Recipient { contact: Some(no_mobile), subscriptions: Vec::new(), ..all.clone() };
        assert_eq!(channels(Template::NewDevice, &by_mail, &ALL), [Email]);
        // The address is not known yet: the delivery waits for it.
        let unknown = Recipient { contact: None, ..by_mail };
        assert_eq!(channels(Template::NewDevice, &unknown, &ALL), [Email, Sms]);
    }

    #[test]
    fn a_choice_overrides_the_default_and_nothing_mutes_a_mandatory_notification() {
        let mut member = recipient();
        assert_eq!(channels(Template::ReferralBonus, &member, &ALL), [Push, Push]);
        for kind in NotificationKind::ALL {
            for channel in ALL {
                member.choices.insert((*kind, channel), false);
            }
        }
        for line in crate::domain::kinds::LINES {
            let expected = if line.mandatory { line.channels.len() + 1 } else { 0 };
            assert_eq!(channels(line.template, &member, &ALL).len(), expected, "{}", line.template);
        }
        member.choices.insert((NotificationKind::Earning, Email), true);
        assert_eq!(channels(Template::ReferralBonus, &member, &ALL), [Email]);
    }

    #[test]
    fn an_old_fact_is_shown_in_the_application_only() {
        let planned = |now| decide_deliveries(Template::NewDevice.line(), &recipient(), &ALL, NOW, now).len();
        assert_eq!((planned(NOW.plus_hours(72)), planned(NOW.plus_hours(72).plus_secs(1))), (4, 0));
    }

    #[test]
    fn the_wait_between_attempts_doubles_up_to_an_hour_until_the_delivery_is_given_up() {
        let wait = |attempts| match decide_after_failure(attempts, NOW, 24, NOW) {
            AfterFailure::RetryAt(at) => at.micros() / 1_000_000,
            AfterFailure::GiveUp => -1,
        };
        assert_eq!([0, 1, 2, 3, 7, 8, 100].map(wait), [30, 30, 60, 120, 1_920, 3_600, 3_600]);
        let last = NOW.plus_hours(23);
        assert_eq!(decide_after_failure(50, NOW, 24, last), AfterFailure::RetryAt(NOW.plus_hours(24)));
        assert_eq!(decide_after_failure(50, NOW, 24, last.plus_secs(1)), AfterFailure::GiveUp);
    }
}
