//! Posting epochs: boundaries between postings that are final and postings that an open transaction may still add.

use domain::Timestamp;

/// How far a replica's clock may be behind and still set the posting time. A clock further behind sets it just after
/// the floor of the epoch.
const CLOCK_TOLERANCE_SECS: i64 = 60;
/// Longest time between two epochs while the service runs, so that a closing is possible without new entries.
const MAX_EPOCH_SECS: i64 = 300;

/// A posting epoch. It is settled when every posting transaction of an earlier epoch has ended. From then on no posting
/// can appear with a time until `floor_at` or with a position up to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    pub number: i64,
    /// Postings of this epoch and later ones have a later posting time.
    pub floor_at: Timestamp,
    /// The last positions that were visible when the epoch began.
    pub last: Positions,
}

/// The positions of the last entry and the last posting that are visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Positions {
    pub entry: i64,
    pub posting: i64,
}

impl Epoch {
    /// The next epoch, if one is due: because `visible` has new entries, or because enough time has passed.
    pub fn next(&self, now: Timestamp, visible: Positions) -> Option<Self> {
        let floor_at = self.floor_at.max(now.plus_secs(-CLOCK_TOLERANCE_SECS));
        let last =
            Positions { entry: self.last.entry.max(visible.entry), posting: self.last.posting.max(visible.posting) };
        let due = last != self.last || floor_at >= self.floor_at.plus_secs(MAX_EPOCH_SECS);
        due.then_some(Self { number: self.number + 1, floor_at, last })
    }

    /// The posting time of a transaction of this epoch, whose clock reads `now`.
    pub fn posting_time(&self, now: Timestamp) -> Timestamp {
        now.max(self.floor_at.plus(chrono::TimeDelta::microseconds(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_micros(secs * 1_000_000).expect("in range")
    }
    fn positions(entry: i64) -> Positions {
        Positions { entry, posting: 2 * entry }
    }

    #[test]
    fn the_next_epoch_begins_with_new_entries_or_after_some_time() {
        let epoch = Epoch { number: 4, floor_at: at(1_000), last: positions(7) };
        assert_eq!(epoch.next(at(1_060), positions(7)), None);
        assert_eq!(epoch.next(at(1_359), positions(7)), None);
        let timed = Epoch { number: 5, floor_at: at(1_300), last: positions(7) };
        assert_eq!(epoch.next(at(1_360), positions(7)), Some(timed));
        assert_eq!(epoch.next(at(1_070), positions(8)).map(|e| (e.floor_at, e.last)), Some((at(1_010), positions(8))));
    }

    #[test]
    fn floor_and_posting_time_never_go_back_with_a_clock() {
        let epoch = Epoch { number: 4, floor_at: at(1_000), last: positions(7) };
        assert_eq!(epoch.next(at(10), positions(8)).map(|e| e.floor_at), Some(at(1_000)));
        assert_eq!(epoch.next(at(1_060), positions(3)), None);
        assert_eq!(epoch.posting_time(at(1_500)), at(1_500));
        for behind in [1_000, 999, 0] {
            assert_eq!(epoch.posting_time(at(behind)).micros(), at(1_000).micros() + 1);
        }
    }
}
