//! The first vacant slot below a member, level by level and from left to right.
//!
//! Every node knows for each of its legs how far down the nearest free slot is, so the search is one step a level.
//! It ends within log2(members) steps below where it starts, however deep the tree is.

use super::arena::{Arena, Ix, NONE};
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

/// Members whose links are in the processor's cache, because every walk comes by: those placed first.
const HOT: Ix = 8_192;

impl Arena {
    /// The first vacant slot below `from`: shallowest level first, then leftmost; inside the preferred leg of
    /// `from` if there is a preference.
    pub fn vacancy(&self, from: Ix, prefers: Option<Side>) -> (Ix, Side) {
        if let Some(hint) = self.hint
            && (hint.from, hint.prefers) == (from, prefers)
            && self.link(hint.found).child.right() == NONE
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
        let link = self.link(at);
        let side = if link.vacant.left() <= link.vacant.right() { Side::Left } else { Side::Right };
        (side, link.child.get(side))
    }

    /// Tells every ancestor for whom it matters that `node`'s slot is taken, and how far it is to a free one below.
    pub(super) fn refresh_vacant(&mut self, node: Ix) {
        let vacant = self.link(node).vacant.smaller();
        if let Some((parent, side)) = self.up(node) {
            self.set_vacant(parent, side, vacant.saturating_add(1));
        }
    }

    /// Sets how far down a free slot is, and carries it upwards as far as it changes anything.
    pub(super) fn set_vacant(&mut self, node: Ix, side: Side, vacant: u8) {
        let (mut at, mut side, mut vacant) = (node, side, vacant);
        loop {
            let link = self.link_mut(at);
            let before = link.vacant.smaller();
            link.vacant.set(side, vacant);
            let now = link.vacant.smaller();
            let Some(up) = link.up.step().filter(|_| now != before) else { return };
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
        while !found.is_empty() {
            found.retain_mut(|at| {
                let Some((parent, side)) = self.up(*at) else { return false };
                *at = parent;
                // One more on this side makes a pair, which changes the account.
                let link = self.link(parent);
                if link.count.get(side) == link.live && link.count.get(side.opposite()) > link.live {
                    black_box(self.account(parent).number);
                }
                parent > HOT
            });
        }
    }
}
