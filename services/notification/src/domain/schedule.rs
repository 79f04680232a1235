//! Times of deliveries: at once, after the member's quiet hours, or with their daily digest.

use super::Channel;
use domain::{Day, Timestamp};
use std::fmt;
use std::str::FromStr;

const MINUTES_PER_DAY: i64 = 24 * 60;
/// Shortest time before a digest is sent, so that its last notification is committed by then.
const DIGEST_LEAD_SECS: i64 = 60;

domain::text_enum! {
    /// Reason for which a delivery is not sent at once.
    pub enum HeldFor {
        QuietHours = "quiet_hours",
        Digest = "digest",
    }
}

/// A time of the day in India, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(i64);

/// A text that is not a time of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a time of the day (HH:MM)")]
pub struct NotATime;

impl TimeOfDay {
    /// A stored time. `None` if it is out of range.
    pub fn from_minutes(minutes: i64) -> Option<Self> {
        (0..MINUTES_PER_DAY).contains(&minutes).then_some(Self(minutes))
    }
    /// Minutes after midnight, as stored.
    pub fn minutes(self) -> i64 {
        self.0
    }
    /// The first instant after `from` at this time of the day, or `from` itself.
    fn next(self, from: Timestamp) -> Timestamp {
        let on = |day: Day| day.starts_at().plus_secs(self.0 * 60);
        let today = on(from.day());
        if today < from { on(from.day().next()) } else { today }
    }
}

impl FromStr for TimeOfDay {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let is_plain = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit() || b == b':');
        let (hours, minutes) = text.split_once(':').filter(|_| is_plain).ok_or(NotATime)?;
        let (hours, minutes): (i64, i64) =
            (hours.parse().map_err(|_| NotATime)?, minutes.parse().map_err(|_| NotATime)?);
        if hours > 23 || minutes > 59 {
            return Err(NotATime);
        }
        Ok(Self(hours * 60 + minutes))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Hours of the day in which only mandatory notifications are sent. They may include midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    pub from: TimeOfDay,
    /// Exclusive.
    pub until: TimeOfDay,
}

impl QuietHours {
    fn contains(self, at: Timestamp) -> bool {
        let minute = at.since(at.day().starts_at()).num_minutes();
        let (from, until) = (self.from.0, self.until.0);
        if from < until { (from..until).contains(&minute) } else { minute >= from || minute < until }
    }
}

/// A member's choice of times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryTimes {
    pub quiet_hours: Option<QuietHours>,
    /// When the day's e-mail is sent as one. `None`: each at once.
    pub digest_at: Option<TimeOfDay>,
}

/// When a delivery is due, and why it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub at: Timestamp,
    pub held_for: Option<HeldFor>,
}

/// Decides when a delivery is due. A mandatory one never waits.
pub fn decide_due(times: DeliveryTimes, channel: Channel, is_mandatory: bool, now: Timestamp) -> Due {
    let at_once = Due { at: now, held_for: None };
    if is_mandatory {
        return at_once;
    }
    match (times.digest_at.filter(|_| channel == Channel::Email), times.quiet_hours) {
        (Some(digest_at), _) => {
            Due { at: digest_at.next(now.plus_secs(DIGEST_LEAD_SECS)), held_for: Some(HeldFor::Digest) }
        }
        (None, Some(quiet)) if quiet.contains(now) => {
            Due { at: quiet.until.next(now), held_for: Some(HeldFor::QuietHours) }
        }
        (None, _) => at_once,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> TimeOfDay {
        text.parse().expect("a time")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn a_time_of_the_day_has_four_digits() {
        for good in ["00:00", "09:05", "23:59"] {
            assert_eq!(time(good).to_string(), good);
            assert_eq!(TimeOfDay::from_minutes(time(good).minutes()), Some(time(good)));
        }
        for bad in ["", "24:00", "12:60", "9:00", "09:0", "+9:00", "09-00", "09:00:00", "०९:००"] {
            assert_eq!(bad.parse::<TimeOfDay>(), Err(NotATime), "{bad}");
        }
        assert_eq!(TimeOfDay::from_minutes(1_440), None);
    }

    #[test]
    fn quiet_hours_hold_a_delivery_until_their_end_also_beyond_midnight() {
        let night = QuietHours { from: time("22:00"), until: time("07:00") };
        let noon = QuietHours { from: time("12:00"), until: time("13:30") };
        // India is 5 h 30 min ahead of UTC.
        for (quiet, now, due) in [
            (night, "2026-11-10T16:29:59Z", None),
            (night, "2026-11-10T16:30:00Z", Some("2026-11-11T01:30:00Z")),
            (night, "2026-11-10T20:00:00Z", Some("2026-11-11T01:30:00Z")),
            (night, "2026-11-11T01:29:59Z", Some("2026-11-11T01:30:00Z")),
            (night, "2026-11-11T01:30:00Z", None),
            (noon, "2026-11-11T06:30:00Z", Some("2026-11-11T08:00:00Z")),
            (noon, "2026-11-11T08:00:00Z", None),
        ] {
            let times = DeliveryTimes { quiet_hours: Some(quiet), digest_at: None };
            let expected = match due {
                Some(due) => Due { at: at(due), held_for: Some(HeldFor::QuietHours) },
                None => Due { at: at(now), held_for: None },
            };
            assert_eq!(decide_due(times, Channel::Sms, false, at(now)), expected, "{now}");
            let mandatory = decide_due(times, Channel::Sms, true, at(now));
            assert_eq!(mandatory, Due { at: at(now), held_for: None });
        }
    }

    #[test]
    fn a_digest_collects_email_until_its_next_time_and_nothing_else() {
        let times = DeliveryTimes { quiet_hours: None, digest_at: Some(time("09:00")) };
        for (now, due) in [
            ("2026-11-10T03:28:59Z", "2026-11-10T03:30:00Z"),
            // Less than a minute is left: with the next one.
            ("2026-11-10T03:29:01Z", "2026-11-11T03:30:00Z"),
            ("2026-11-10T12:00:00Z", "2026-11-11T03:30:00Z"),
        ] {
            let held = decide_due(times, Channel::Email, false, at(now));
            assert_eq!(held, Due { at: at(due), held_for: Some(HeldFor::Digest) }, "{now}");
            assert_eq!(decide_due(times, Channel::Push, false, at(now)).held_for, None);
            assert_eq!(decide_due(times, Channel::Email, true, at(now)).held_for, None);
        }
    }
}
