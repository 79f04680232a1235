//! The first vacant slot below a member, level by level and from left to right.
//!
//! Every node knows for each of its legs how far down the nearest free slot is, so the search is one step a level.
//! It ends within log2(members) steps below where it starts, however deep the tree is.

use super::arena::Arena;
use super::node::{Ix, NONE};
use domain::Side;

/// Where the last search ended. Slots are only ever filled, and a new node's own slots are deeper, so the same search
/// ends further to the right on the same level, or on the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hint {
    from: Ix,
    prefers: Option<Side>,
    found: Ix,
}

impl Arena {
    /// The first vacant slot below `from`: shallowest level first, then leftmost; inside the preferred leg of
    /// `from` if there is a preference.
    pub fn vacancy(&self, from: Ix, prefers: Option<Side>) -> (Ix, Side) {
        let mut top = from;
        if let Some(side) = prefers {
            match self.child(from, side) {
                None => return (from, side),
                Some(child) => top = child,
            }
        }
        let hint = self.hint.filter(|hint| (hint.from, hint.prefers) == (from, prefers));
        let mut at = hint.and_then(|hint| self.on_the_same_level(hint.found, top)).unwrap_or(top);
        loop {
            match self.towards_vacancy(at) {
                (side, NONE) => return (at, side),
                (_, child) => at = child,
            }
        }
    }

    /// Notes where a search ended whose slot is being filled.
    pub(super) fn found_vacancy(&mut self, from: Ix, prefers: Option<Side>, found: Ix) {
        // The preferred leg was empty if the search ended above it.
        let is_inside = prefers.is_none() || found != from;
        self.hint = is_inside.then_some(Hint { from, prefers, found });
    }

    /// The next node at or to the right of `found` that leads to a vacancy on its level, within the subtree of `top`.
    fn on_the_same_level(&self, found: Ix, top: Ix) -> Option<Ix> {
        if self.fork(found).vacant.smaller() == 0 {
            return Some(found);
        }
        let (mut at, mut height) = (found, 0);
        while at != top {
            let (parent, side) = self.up(at)?;
            (at, height) = (parent, height + 1);
            let fork = self.fork(at);
            if side == Side::Left && fork.vacant.right() == height {
                return Some(fork.child.right());
            }
        }
        None
    }

    /// The side on which the nearest free slot is, and the child there.
    pub(super) fn towards_vacancy(&self, at: Ix) -> (Side, Ix) {
        let fork = self.fork(at);
        let side = if fork.vacant.left() <= fork.vacant.right() { Side::Left } else { Side::Right };
        (side, fork.child.get(side))
    }

    /// Sets how far down a free slot is, and carries it upwards as far as it changes anything.
    pub(super) fn set_vacant(&mut self, node: Ix, side: Side, vacant: u8) {
        let (mut at, mut side, mut vacant) = (node, side, vacant);
        loop {
            let vacancies = &mut self.fork_mut(at).vacant;
            let before = vacancies.smaller();
            vacancies.set(side, vacant);
            let now = vacancies.smaller();
            let Some(up) = self.up(at).filter(|_| now != before) else { return };
            ((at, side), vacant) = (up, now.saturating_add(1));
        }
    }
}
