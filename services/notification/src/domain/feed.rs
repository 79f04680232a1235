//! Position of one open stream, which makes it send each notification once.
//!
//! An id contains the time when its row was created, not when it was committed, so a row may become visible after a row
//! with a greater id. A scan therefore starts `MAX_COMMIT_DELAY_MS` before the newest id, and the ids shown in that
//! window are remembered.

use super::NotificationId;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Longest time in milliseconds between the creation of an id and the commit of its row.
const MAX_COMMIT_DELAY_MS: u64 = 10_000;

/// Ids that a stream has shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    newest: Option<NotificationId>,
    /// Shown ids that are greater than [`Feed::scan_start`].
    shown: BTreeSet<NotificationId>,
}

impl Feed {
    /// A feed of the notifications after `newest`, or of all notifications if it is `None`.
    pub fn after(newest: Option<NotificationId>) -> Self {
        Self { newest, shown: BTreeSet::new() }
    }

    /// Lower bound of the next scan: any greater id may be new.
    pub fn scan_start(&self) -> NotificationId {
        self.newest.map_or(NotificationId::from(Uuid::nil()), scan_start_before)
    }

    /// The greatest id so far.
    pub fn newest(&self) -> Option<NotificationId> {
        self.newest
    }

    /// Records the id as shown. Returns true if it was not shown before.
    pub fn record_shown(&mut self, id: NotificationId) -> bool {
        let is_new = self.shown.insert(id);
        if self.newest.is_none_or(|newest| newest < id) {
            self.newest = Some(id);
        }
        is_new
    }

    /// Removes the ids that no later scan finds. A scan in ascending order of ids may call it after every page.
    pub fn trim(&mut self) {
        self.shown = self.shown.split_off(&self.scan_start());
    }
}

/// The lowest id that was created at most [`MAX_COMMIT_DELAY_MS`] before this one.
fn scan_start_before(id: NotificationId) -> NotificationId {
    let (high, _) = id.uuid().as_u64_pair();
    // The upper 48 bits of a UUIDv7 are milliseconds.
    let start_ms = (high >> 16).saturating_sub(MAX_COMMIT_DELAY_MS);
    NotificationId::from(Uuid::from_u64_pair(start_ms << 16, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64, n: u64) -> NotificationId {
        NotificationId::from(Uuid::from_u64_pair((ms << 16) | 0x7000, n))
    }

    #[test]
    fn a_notification_that_is_committed_late_is_shown_once() {
        let mut feed = Feed::after(None);
        assert!(feed.record_shown(at(50_000, 2)));
        assert!(feed.record_shown(at(50_000, 1)), "an older id, committed later");
        assert!(!feed.record_shown(at(50_000, 1)) && !feed.record_shown(at(50_000, 2)));
        assert_eq!(feed.newest(), Some(at(50_000, 2)));
        assert!(feed.scan_start() < at(40_000, 0) && feed.scan_start() > at(39_999, u64::MAX));
    }

    #[test]
    fn the_number_of_remembered_ids_is_bounded() {
        let mut feed = Feed::after(None);
        for second in 0..1_000 {
            assert!(feed.record_shown(at(second * 1_000, 0)));
            feed.trim();
        }
        assert_eq!(feed.shown.len(), 11);
        assert!(feed.shown.iter().all(|id| *id > feed.scan_start()));
    }
}
