//! A gateway's list of what it took, walked window by window: what its messages did not tell is found there.

use domain::Timestamp;

/// Whole seconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// How far the list is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Every window before this is walked to its end.
    pub done_until: Timestamp,
    /// The window that is being walked, and how many of its lines are.
    pub walking: Option<(Window, u32)>,
}

impl Progress {
    /// Before the first walk, which begins `hours` ago.
    pub fn first(now: Timestamp, hours: i64) -> Self {
        Self { done_until: now.plus_hours(-hours), walking: None }
    }

    /// The window to go on with; `None` once everything up to `now` is walked.
    ///
    /// It reaches back `hours` before what is done, for a payment is listed by when it was begun, and may be captured
    /// later; and no more than `hours` ahead, so that a window after a long outage is not endless.
    pub fn next(&mut self, now: Timestamp, hours: i64) -> Option<(Window, u32)> {
        if self.walking.is_none() && self.done_until < whole(now) {
            let until = whole(now).min(self.done_until.plus_hours(hours));
            self.walking = Some((Window { from: whole(self.done_until.plus_hours(-hours)), until }, 0));
        }
        self.walking
    }

    /// Takes note of `lines` more, which were the last of the window if `last`. Progress that was made meanwhile by
    /// another stays as it is.
    pub fn advance(&mut self, walked: (Window, u32), lines: u32, last: bool) {
        if self.walking != Some(walked) {
            return;
        }
        let (window, before) = walked;
        if last {
            *self = Self { done_until: window.until, walking: None };
        } else {
            self.walking = Some((window, before.saturating_add(lines)));
        }
    }
}

fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros() - at.micros().rem_euclid(1_000_000)).unwrap_or(at)
}

/// Seconds after which a gateway is first asked for an order it has told nothing of.
const PATIENCE_SECS: i64 = 600;
/// Days after which it is not asked any more: by then no authorised payment can be captured.
pub const LAST_ASKED_DAYS: i64 = 7;

/// When an order that was begun at `begun` and is not paid is asked for again: each time it is twice as old.
pub fn next_check(begun: Timestamp, now: Timestamp) -> Timestamp {
    now.plus_secs(now.since(begun).num_seconds().max(PATIENCE_SECS))
}

/// When an order that is made at `made` is asked for first.
pub fn first_check(made: Timestamp) -> Timestamp {
    made.plus_secs(PATIENCE_SECS)
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
        let mut progress = Progress::first(now, 24);
        let (window, skipped) = progress.next(now, 24).expect("a window");
        assert_eq!((window.until, skipped), (at("2026-11-10T12:00:00Z"), 0));
        assert_eq!(window.from, at("2026-11-08T12:00:00Z"));
        // It stays the same however late the next page is.
        progress.advance((window, 0), 100, false);
        assert_eq!(progress.next(now.plus_hours(5), 24), Some((window, 100)));
        progress.advance((window, 100), 7, true);
        assert_eq!(progress, Progress { done_until: window.until, walking: None });
        assert_eq!(progress.next(now, 24), None);
        // After three days away: as many windows, each beginning a day before the end of the last.
        let later = now.plus_hours(60);
        let mut windows = Vec::new();
        while let Some((window, skipped)) = progress.next(later, 24) {
            windows.push(window);
            progress.advance((window, skipped), 0, true);
        }
        assert_eq!(windows.len(), 3);
        assert_eq!(windows[0].from, at("2026-11-09T12:00:00Z"));
        assert!(windows.windows(2).all(|w| w[1].from == w[0].until.plus_hours(-24)));
        assert_eq!(windows[2].until, at("2026-11-13T00:00:00Z"));
    }

    #[test]
    fn a_page_counts_once() {
        let now = at("2026-11-10T12:00:00Z");
        let mut progress = Progress::first(now, 1);
        let first = progress.next(now, 1).expect("a window");
        progress.advance(first, 100, false);
        let after = progress;
        progress.advance(first, 100, false);
        progress.advance(first, 0, true);
        assert_eq!(progress, after);
    }

    #[test]
    fn an_order_is_asked_for_when_it_is_twice_as_old() {
        let begun = at("2026-11-10T12:00:00Z");
        for (now, next) in [
            ("2026-11-10T12:01:00Z", "2026-11-10T12:11:00Z"),
            ("2026-11-10T12:10:00Z", "2026-11-10T12:20:00Z"),
            ("2026-11-10T12:20:00Z", "2026-11-10T12:40:00Z"),
            ("2026-11-11T12:00:00Z", "2026-11-12T12:00:00Z"),
        ] {
            assert_eq!(next_check(begun, at(now)), at(next));
        }
    }
}
