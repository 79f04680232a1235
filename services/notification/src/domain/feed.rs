//! What one open stream has shown, so that each notification is shown once.
//!
//! An id says when its row was made, not when it was committed: one may become visible after a later one.
//! So a look at the database goes back a little behind the newest, and what was shown there is remembered.

use super::NotificationId;
use std::collections::BTreeSet;
use uuid::Uuid;

/// How long after its making a notification may become visible.
const LATE_MS: u64 = 10_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    newest: Option<NotificationId>,
    /// Ids from [`Feed::from`] on that need no showing.
    seen: BTreeSet<NotificationId>,
}

impl Feed {
    /// A feed of what comes after `newest`; with none, of everything.
    pub fn after(newest: Option<NotificationId>) -> Self {
        Self { newest, seen: BTreeSet::new() }
    }

    /// Where a look begins: everything with a greater id may be new.
    pub fn from(&self) -> NotificationId {
        self.newest.map_or(NotificationId::from(Uuid::nil()), floor)
    }

    pub fn newest(&self) -> Option<NotificationId> {
        self.newest
    }

    /// Whether this one is to be shown now; from then on it is not.
    pub fn admits(&mut self, id: NotificationId) -> bool {
        let is_new = self.seen.insert(id);
        if self.newest.is_none_or(|newest| newest < id) {
            self.newest = Some(id);
        }
        is_new
    }

    /// Forgets what no look will find again. A look that goes by id may do it page by page.
    pub fn trim(&mut self) {
        self.seen = self.seen.split_off(&self.from());
    }
}

/// The least id made at most [`LATE_MS`] before this one.
fn floor(id: NotificationId) -> NotificationId {
    let (high, _) = id.uuid().as_u64_pair();
    // The upper 48 bits of a UUIDv7 are milliseconds.
    let since = (high >> 16).saturating_sub(LATE_MS);
    NotificationId::from(Uuid::from_u64_pair(since << 16, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64, n: u64) -> NotificationId {
        NotificationId::from(Uuid::from_u64_pair((ms << 16) | 0x7000, n))
    }

    #[test]
    fn one_that_becomes_visible_late_is_shown_once() {
        let mut feed = Feed::after(None);
        assert!(feed.admits(at(50_000, 2)));
        assert!(feed.admits(at(50_000, 1)), "an older one, committed later");
        assert!(!feed.admits(at(50_000, 1)) && !feed.admits(at(50_000, 2)));
        assert_eq!(feed.newest(), Some(at(50_000, 2)));
        assert!(feed.from() < at(40_000, 0) && feed.from() > at(39_999, u64::MAX));
    }

    #[test]
    fn what_it_remembers_stays_small() {
        let mut feed = Feed::after(None);
        for second in 0..1_000 {
            assert!(feed.admits(at(second * 1_000, 0)));
            feed.trim();
        }
        assert_eq!(feed.seen.len(), 11);
        assert!(feed.seen.iter().all(|id| *id > feed.from()));
    }
}
