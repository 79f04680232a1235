//! A posting epoch: the boundary that separates postings that have ended from those that may be under way.

use domain::Timestamp;

/// How much later than the start of its epoch a clock may be and still date postings itself. A replica whose clock is
/// further behind dates them just after the floor.
const CLOCK_TOLERANCE_SECS: i64 = 60;
/// An epoch begins at least this often while the service runs, so that books can be closed.
const LONGEST_EPOCH_SECS: i64 = 300;

/// An epoch is settled when every posting transaction of an earlier one has ended: then all that was posted until
/// `floor_at`, and all up to the positions in `last`, is visible, or never will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    pub number: i64,
    /// What is posted in this epoch or a later one has a later time of posting.
    pub floor_at: Timestamp,
    /// The last positions seen when the epoch began.
    pub last: Positions,
}

/// The last entry and the last posting that are visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Positions {
    pub entry: i64,
    pub posting: i64,
}

impl Epoch {
    /// The epoch after this one, where there is something to separate: new entries up to `seen`, or some time.
    pub fn next(&self, now: Timestamp, seen: Positions) -> Option<Self> {
        let floor_at = self.floor_at.max(now.plus_secs(-CLOCK_TOLERANCE_SECS));
        let last = Positions { entry: self.last.entry.max(seen.entry), posting: self.last.posting.max(seen.posting) };
        let due = last != self.last || floor_at >= self.floor_at.plus_secs(LONGEST_EPOCH_SECS);
        due.then_some(Self { number: self.number + 1, floor_at, last })
    }

    /// The time of posting of a transaction of this epoch whose clock says `now`.
    pub fn time_of_posting(&self, now: Timestamp) -> Timestamp {
        now.max(self.floor_at.plus(chrono::TimeDelta::microseconds(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_micros(secs * 1_000_000).expect("in range")
    }
    fn seen(entry: i64) -> Positions {
        Positions { entry, posting: 2 * entry }
    }

    #[test]
    fn the_next_epoch_begins_with_new_entries_or_after_some_time() {
        let epoch = Epoch { number: 4, floor_at: at(1_000), last: seen(7) };
        assert_eq!(epoch.next(at(1_060), seen(7)), None);
        assert_eq!(epoch.next(at(1_359), seen(7)), None);
        let timed = Epoch { number: 5, floor_at: at(1_300), last: seen(7) };
        assert_eq!(epoch.next(at(1_360), seen(7)), Some(timed));
        assert_eq!(epoch.next(at(1_070), seen(8)).map(|e| (e.floor_at, e.last)), Some((at(1_010), seen(8))));
    }

    #[test]
    fn neither_floor_nor_time_of_posting_goes_back_with_a_clock() {
        let epoch = Epoch { number: 4, floor_at: at(1_000), last: seen(7) };
        assert_eq!(epoch.next(at(10), seen(8)).map(|e| e.floor_at), Some(at(1_000)));
        assert_eq!(epoch.next(at(1_060), seen(3)), None);
        assert_eq!(epoch.time_of_posting(at(1_500)), at(1_500));
        for late in [1_000, 999, 0] {
            assert_eq!(epoch.time_of_posting(at(late)).micros(), at(1_000).micros() + 1);
        }
    }
}
