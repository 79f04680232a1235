//! Progress of the scan through a gateway's payment list, window by window.

use domain::Timestamp;

/// A time range in whole seconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Position in a gateway's list: the items before it. One gateway continues by their number, another by the last id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPosition {
    pub items: u32,
    /// Empty at the beginning, and for a gateway that continues by number.
    pub last_id: String,
}

impl ListPosition {
    /// The position `items` later, after `last_id`.
    pub fn after(&self, items: u32, last_id: &str) -> Self {
        Self { items: self.items.saturating_add(items), last_id: last_id.to_owned() }
    }
}

/// A window, and the position of the page to scan next.
pub type ScanPosition = (Window, ListPosition);

/// Progress of the scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Every window before this time is scanned.
    pub done_until: Timestamp,
    /// The window being scanned, up to the position.
    pub current: Option<ScanPosition>,
}

impl Progress {
    /// Progress before the first scan, which starts `hours` ago.
    pub fn initial(now: Timestamp, hours: i64) -> Self {
        Self { done_until: now.plus_hours(-hours), current: None }
    }

    /// The window to scan next; `None` once everything up to `now` is scanned.
    ///
    /// A window starts `hours` before the end of the previous one, because the list is sorted by creation time and a
    /// payment may be captured later. It ends at most `hours` after that end, which bounds the first window after an
    /// outage.
    pub fn next(&mut self, now: Timestamp, hours: i64) -> Option<ScanPosition> {
        if self.current.is_none() && self.done_until < truncate_to_second(now) {
            let until = truncate_to_second(now).min(self.done_until.plus_hours(hours));
            let window = Window { from: truncate_to_second(self.done_until.plus_hours(-hours)), until };
            self.current = Some((window, ListPosition::default()));
        }
        self.current.clone()
    }

    /// Advances to `next`; without one the window is complete. Ignored when another process has advanced meanwhile, that
    /// is when `position` is not the current one.
    pub fn advance(&mut self, position: &ScanPosition, next: Option<ListPosition>) {
        if self.current.as_ref() != Some(position) {
            return;
        }
        match next {
            Some(next) => self.current = Some((position.0, next)),
            None => *self = Self { done_until: position.0.until, current: None },
        }
    }
}

fn truncate_to_second(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros() - at.micros().rem_euclid(1_000_000)).unwrap_or(at)
}

/// Seconds after which the gateway is first asked about an unpaid order.
const FIRST_CHECK_DELAY_SECS: i64 = 600;
/// Days after which an order is not checked any more: an authorised payment cannot be captured later.
pub const MAX_ORDER_CHECK_DAYS: i64 = 7;

/// Time of the next check of an unpaid order: when it is twice as old.
pub fn next_check(created_at: Timestamp, now: Timestamp) -> Timestamp {
    now.plus_secs(now.since(created_at).num_seconds().max(FIRST_CHECK_DELAY_SECS))
}

/// Time of the first check of an order.
pub fn first_check(created_at: Timestamp) -> Timestamp {
    created_at.plus_secs(FIRST_CHECK_DELAY_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn windows_overlap_leave_no_gap_and_end_now() {
        let now = at("2026-11-10T12:00:00.7Z");
        let mut progress = Progress::initial(now, 24);
        let first = progress.next(now, 24).expect("a window");
        let (window, start) = first.clone();
        assert_eq!((window.until, &start), (at("2026-11-10T12:00:00Z"), &ListPosition::default()));
        assert_eq!(window.from, at("2026-11-08T12:00:00Z"));
        // A late next page does not change the window.
        let second = (window, start.after(100, "pay_100"));
        progress.advance(&first, Some(second.1.clone()));
        assert_eq!(progress.next(now.plus_hours(5), 24), Some(second.clone()));
        progress.advance(&second, None);
        assert_eq!(progress, Progress { done_until: window.until, current: None });
        assert_eq!(progress.next(now, 24), None);
        // After an outage of two and a half days: three windows, each starting a day before the end of the previous
        // one.
        let later = now.plus_hours(60);
        let mut windows = Vec::new();
        while let Some(position) = progress.next(later, 24) {
            windows.push(position.0);
            progress.advance(&position, None);
        }
        assert_eq!(windows.len(), 3);
        assert_eq!(windows[0].from, at("2026-11-09T12:00:00Z"));
        assert!(windows.windows(2).all(|w| w[1].from == w[0].until.plus_hours(-24)));
        assert_eq!(windows[2].until, at("2026-11-13T00:00:00Z"));
    }

    #[test]
    fn a_page_counts_once() {
        let now = at("2026-11-10T12:00:00Z");
        let mut progress = Progress::initial(now, 1);
        let initial = progress.next(now, 1).expect("a window");
        let next = initial.1.after(100, "pay_100");
        progress.advance(&initial, Some(next.clone()));
        let after = progress.clone();
        progress.advance(&initial, Some(next));
        progress.advance(&initial, None);
        assert_eq!(progress, after);
    }

    #[test]
    fn an_order_is_asked_for_when_it_is_twice_as_old() {
        let created_at = at("2026-11-10T12:00:00Z");
        for (now, next) in [
            ("2026-11-10T12:01:00Z", "2026-11-10T12:11:00Z"),
            ("2026-11-10T12:10:00Z", "2026-11-10T12:20:00Z"),
            ("2026-11-10T12:20:00Z", "2026-11-10T12:40:00Z"),
            ("2026-11-11T12:00:00Z", "2026-11-12T12:00:00Z"),
        ] {
            assert_eq!(next_check(created_at, at(now)), at(next));
        }
    }
}
