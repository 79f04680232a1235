//! The oldest unmatched members of legs, found level by level, for many earners at a time.
//!
//! At ten million members every step of a search waits for memory, and needs what the step before found. Searches
//! for different earners need nothing of each other: made side by side, they wait together.

use super::arena::{Arena, wide};
use super::node::{Ix, LATE, NONE};
use domain::Side;
use std::hint::black_box;

/// Nodes looked at before a walk gives way to a search that is kept.
const LONGEST: usize = 256;
/// Members sought by one walk.
const MOST: u32 = 16;

/// What is looked for: the oldest members of a leg after a place in the matching order.
#[derive(Debug, Clone)]
struct Walk {
    earner: Ix,
    side: Side,
    after: u32,
    /// No node from here on can hold anybody who is wanted.
    end: Ix,
    seen: usize,
    /// Where its finds stand among those of all walks.
    first: usize,
    last: usize,
}

#[derive(Debug, Clone, Copy)]
struct Found {
    order: u32,
    node: Ix,
    /// No node from here on can hold somebody earlier. Nodes are numbered in the order of placement; only a member who
    /// counted later than placed says nothing about numbers.
    end: Ix,
}

const NOBODY: Found = Found { order: u32::MAX, node: NONE, end: NONE };

/// Walks side by side. Kept between uses for its memory alone.
#[derive(Debug, Clone, Default)]
pub(super) struct Walks {
    walks: Vec<Walk>,
    found: Vec<Found>,
    /// Walk and node.
    level: Vec<(usize, Ix)>,
    below: Vec<(usize, Ix)>,
}

impl Walks {
    fn clear(&mut self) {
        self.walks.clear();
        self.found.clear();
    }

    pub(super) fn add(&mut self, arena: &Arena, earner: Ix, side: Side, wanted: u32) {
        let Some(leg) = arena.child(earner, side) else { return };
        let first = self.found.len();
        self.found.resize(first + wide(wanted.clamp(1, MOST)), NOBODY);
        self.level.push((self.walks.len(), leg));
        let (after, last) = (arena.account(earner).taken.get(side), self.found.len() - 1);
        self.walks.push(Walk { earner, side, after, end: NONE, seen: 0, first, last });
    }

    fn run(&mut self, arena: &Arena) {
        let Self { walks, found, level, below } = self;
        while !level.is_empty() {
            // Before anything branches on one of them, as in [`super::ahead`].
            for (_, node) in level.iter() {
                black_box(arena.fork(*node).born);
            }
            for (number, node) in level.drain(..) {
                let Some(walk) = walks.get_mut(number) else { continue };
                if node >= walk.end || walk.seen > LONGEST {
                    continue;
                }
                walk.seen += 1;
                let (fork, counted) = (arena.fork(node), arena.counted(node));
                if counted > walk.after {
                    walk.meet(found, node, counted, fork.flags & LATE != 0);
                }
                for child in [fork.child.left(), fork.child.right()] {
                    // No node is no earlier than any other.
                    if child < walk.end {
                        below.push((number, child));
                    }
                }
            }
            std::mem::swap(level, below);
        }
    }
}

impl Walk {
    fn meet(&mut self, found: &mut [Found], node: Ix, order: u32, is_late: bool) {
        let Some(found) = found.get_mut(self.first..=self.last) else { return };
        let at = found.partition_point(|other| other.order < order);
        if let Some(later) = found.get_mut(at..).filter(|later| !later.is_empty()) {
            later.rotate_right(1);
            let end = if is_late { NONE } else { node };
            later.iter_mut().take(1).for_each(|first| *first = Found { order, node, end });
        }
        self.end = found.last().map_or(NONE, |last| last.end.min(self.end));
    }
}

/// What was found. It stays true as members join, for they join at the end of the matching order. When a member's
/// place in it is taken away or given back, everything is forgotten.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    slots: Vec<Answer>,
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    earner: Ix,
    side: Side,
    after: u32,
    member: Ix,
}

impl Answers {
    const SLOTS: u32 = 4_096;

    fn slot(earner: Ix, side: Side, after: u32) -> usize {
        let key = (earner << 1 | u32::from(side == Side::Right)) ^ after.rotate_left(16);
        wide(key.wrapping_mul(0x9E37_79B9) >> (32 - Self::SLOTS.ilog2()))
    }

    fn get(&self, earner: Ix, side: Side, after: u32) -> Option<Ix> {
        let answer = self.slots.get(Self::slot(earner, side, after))?;
        ((answer.earner, answer.side, answer.after) == (earner, side, after)).then_some(answer.member)
    }

    fn put(&mut self, answer: Answer) {
        self.slots.resize(wide(Self::SLOTS), Answer { earner: NONE, side: Side::Left, after: 0, member: NONE });
        if let Some(slot) = self.slots.get_mut(Self::slot(answer.earner, answer.side, answer.after)) {
            *slot = answer;
        }
    }
}

pub(super) enum Oldest {
    Member(Ix),
    Nobody,
    TooFar,
}

impl Arena {
    /// The earliest counting member of the leg after all that have been taken from it. As many more as will be
    /// `wanted` are looked for on the same way.
    pub(super) fn oldest(&mut self, earner: Ix, side: Side, wanted: u32) -> Oldest {
        let after = self.account(earner).taken.get(side);
        if let Some(member) = self.answers.get(earner, side, after) {
            return Oldest::Member(member);
        }
        let mut walks = self.walks();
        walks.add(self, earner, side, wanted);
        let is_too_far = self.walk(walks);
        match self.answers.get(earner, side, after) {
            Some(member) => Oldest::Member(member),
            None if is_too_far => Oldest::TooFar,
            None => Oldest::Nobody,
        }
    }

    /// Walks to add to, and then to make with [`Arena::walk`].
    pub(super) fn walks(&mut self) -> Walks {
        let mut walks = std::mem::take(&mut self.walks);
        walks.clear();
        walks
    }

    /// Walks, and keeps what is found. Returns whether a walk came to no end.
    pub(super) fn walk(&mut self, mut walks: Walks) -> bool {
        walks.run(self);
        let mut is_too_far = false;
        for walk in &walks.walks {
            if walk.seen > LONGEST {
                is_too_far = true;
                continue;
            }
            let found = walks.found.get(walk.first..=walk.last).unwrap_or_default();
            let after = std::iter::once(walk.after).chain(found.iter().map(|found| found.order));
            // The first last, so that it is there whatever the others push out.
            let answers: Vec<_> = after.zip(found).filter(|(_, found)| found.node != NONE).collect();
            for (after, found) in answers.into_iter().rev() {
                self.answers.put(Answer { earner: walk.earner, side: walk.side, after, member: found.node });
            }
        }
        self.walks = walks;
        is_too_far
    }
}
