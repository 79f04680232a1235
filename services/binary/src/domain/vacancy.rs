//! The first vacant slot below a member, level by level and from left to right.
//!
//! Every node knows for each of its legs how far down the nearest free slot is, so the search is one step a level.
//! It ends within log2(members) steps below where it starts, however deep the tree is.

use super::arena::Arena;
use super::node::{Ix, NONE};
use domain::Side;
use std::hint::black_box;

/// Where the last search ended. Slots are only ever filled, and a right slot comes right after its left one: once the left
/// one is filled, the same search ends at the right one, and need not be made again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hint {
    from: Ix,
    prefers: Option<Side>,
    found: Ix,
}

/// Members whose nodes are in the processor's cache, because every walk comes by: those placed first.
const HOT: Ix = 8_192;

impl Arena {
    /// The first vacant slot below `from`: shallowest level first, then leftmost; inside the preferred leg of
    /// `from` if there is a preference.
    pub fn vacancy(&self, from: Ix, prefers: Option<Side>) -> (Ix, Side) {
        if let Some(hint) = self.hint
            && (hint.from, hint.prefers) == (from, prefers)
            && self.fork(hint.found).child.right() == NONE
        {
            return (hint.found, Side::Right);
        }
        let mut at = from;
        if let Some(side) = prefers {
            match self.child(from, side) {
                None => return (from, side),
                Some(child) => at = child,
            }
        }
        loop {
            match self.towards_vacancy(at) {
                (side, NONE) => return (at, side),
                (_, child) => at = child,
            }
        }
    }

    /// Notes where a search ended whose slot is being filled.
    pub(super) fn found_vacancy(&mut self, from: Ix, prefers: Option<Side>, found: (Ix, Side)) {
        // Only a search of the whole subtree or of a leg goes on from a left slot to its right one.
        let goes_on = found.1 == Side::Left && (prefers.is_none() || found.0 != from);
        self.hint = goes_on.then_some(Hint { from, prefers, found: found.0 });
    }

    /// The side on which the nearest free slot is, and the child there.
    fn towards_vacancy(&self, at: Ix) -> (Side, Ix) {
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

    /// Walks from all these nodes down to their vacancies and from there up to the company, side by side, so that the
    /// waits for memory overlap. Whoever takes the same ways next finds them in the cache.
    pub fn warm(&self, mut nodes: Vec<Ix>) {
        let mut found = Vec::with_capacity(nodes.len());
        while !nodes.is_empty() {
            nodes.retain_mut(|at| match self.towards_vacancy(*at) {
                (_, NONE) => {
                    found.push(*at);
                    false
                }
                (_, child) => {
                    *at = child;
                    true
                }
            });
        }
        for at in &found {
            // Whose depth the new node continues, and to whom the nearest free slot moves away.
            black_box(self.origin(*at).depth);
            black_box(self.up(*at).map(|(parent, _)| self.fork(parent).vacant));
        }
        while !found.is_empty() {
            found.retain_mut(|at| {
                let Some((parent, side)) = self.up(*at) else { return false };
                *at = parent;
                // One more on this side makes a pair, which changes the account.
                let (count, live) = (self.counts(parent), self.rung(parent).live.pairs());
                if count.get(side) == live && count.get(side.opposite()) > live {
                    black_box(self.account(parent).number);
                }
                parent > HOT
            });
        }
    }
}
