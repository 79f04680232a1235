//! Limit marks: earners who can make no further pair in the period.

use super::Arena;
use crate::domain::node::NodeIndex;

impl Arena {
    /// Starts a limit period: one plan version and one period of its limit. Clears the marks of the period before.
    ///
    /// Earners at their limit are marked until the period ends, so a member who joins below them needs no matching.
    /// Near the root that applies to nearly all earners.
    pub(super) fn begin_limit_period(&mut self, version: u32, period: u32) {
        if self.limit_period != Some((version, period)) {
            self.end_limit_period();
            self.limit_period = Some((version, period));
        }
    }

    /// Clears the marks of all earners at their limit.
    pub(super) fn end_limit_period(&mut self) {
        self.limit_period = None;
        if std::mem::take(&mut self.has_earners_at_limit) {
            self.upward_nodes.iter_mut().for_each(|upward| upward.pair_counter.set_at_limit(false));
        }
    }

    pub(super) fn mark_at_limit(&mut self, earner: NodeIndex, version: u32, period: u32) {
        self.begin_limit_period(version, period);
        self.has_earners_at_limit = true;
        self.upward_mut(earner).pair_counter.set_at_limit(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ROOT;
    use domain::Side;

    #[test]
    fn limit_marks_end_with_their_period_and_leave_the_other_bits_unchanged() {
        let mut arena = Arena::new();
        let pair_counter = |arena: &Arena| arena.upward(ROOT).pair_counter;
        arena.begin_limit_period(1, 202_611);
        arena.upward_mut(ROOT).pair_counter.set_outstanding(7);
        arena.upward_mut(ROOT).pair_counter.set_frontier(Side::Right, true);
        arena.mark_at_limit(ROOT, 1, 202_611);
        arena.begin_limit_period(1, 202_611);
        assert!(pair_counter(&arena).is_at_limit());
        for (version, period) in [(2, 202_611), (2, 202_612)] {
            arena.begin_limit_period(version, period);
            assert!(!pair_counter(&arena).is_at_limit());
            arena.mark_at_limit(ROOT, version, period);
        }
        arena.end_limit_period();
        assert!(!pair_counter(&arena).is_at_limit());
        assert_eq!((pair_counter(&arena).outstanding(), pair_counter(&arena).has_frontier(Side::Right)), (7, true));
        assert!(!pair_counter(&arena).has_frontier(Side::Left));
    }
}
