//! What is kept of a member: 84 bytes, in four parts by what touches them together. What walks up touch, what walks down
//! touch, what pairing changes in an earner ([`super::matching::Account`]), and the rest.

use super::legs::Legs;
use domain::{Side, UserId};

/// A node's number: the order of placement.
pub type Ix = u32;
/// The company: it has no parent, matches no pairs and earns nothing.
pub const ROOT: Ix = 0;
/// No node.
pub const NONE: Ix = Ix::MAX;

/// The way to the parent: its number, and in the lowest bit on which side of it the node stands. One load a step,
/// and no branch that depends on what was loaded: a walk to the root is the most frequent thing a tree does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Up(u32);

impl Up {
    pub(super) const NOWHERE: Self = Self(u32::MAX);

    pub(super) fn new(parent: Ix, side: Side) -> Self {
        Self(parent << 1 | u32::from(side == Side::Right))
    }
    /// Parent and side; none for the company.
    pub(super) const fn step(self) -> Option<(Ix, Side)> {
        let side = if self.0 & 1 == 0 { Side::Left } else { Side::Right };
        if self.0 == u32::MAX { None } else { Some((self.0 >> 1, side)) }
    }
}

/// What a walk up touches: 16 bytes, so that none lies across two cache lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rung {
    pub(super) up: Up,
    /// Counting members of each leg.
    pub(super) count: Legs<u32>,
    pub(super) live: Live,
}

/// Pairs that stand: each uses one counting member of each leg, so `count - live` are unmatched. In the upper bits
/// stands in which legs a kept search looks for members, and whether the earner may make no more pairs for now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Live(u32);

impl Live {
    const SEARCHED: Legs<u32> = Legs::of(1 << 30, 1 << 31);
    const FULL: u32 = 1 << 29;
    const PAIRS: u32 = Self::FULL - 1;

    pub(super) const fn pairs(self) -> u32 {
        self.0 & Self::PAIRS
    }
    pub(super) const fn set_pairs(&mut self, pairs: u32) {
        self.0 = self.0 & !Self::PAIRS | pairs & Self::PAIRS;
    }
    pub(super) const fn is_searched(self, side: Side) -> bool {
        self.0 & Self::SEARCHED.get(side) != 0
    }
    pub(super) const fn set_searched(&mut self, side: Side, searched: bool) {
        self.set(Self::SEARCHED.get(side), searched);
    }
    /// Whether a leg that has just grown is all there is to it, when the smaller leg now counts so many: nobody is
    /// looking for members, and no pair can be made. One comparison says the latter, for a mark is more than any count.
    pub(super) const fn is_content(self, smaller: u32) -> bool {
        smaller <= self.0 && self.0 < Self::SEARCHED.left()
    }
    pub(super) const fn is_full(self) -> bool {
        self.0 & Self::FULL != 0
    }
    pub(super) const fn set_full(&mut self, full: bool) {
        self.set(Self::FULL, full);
    }
    const fn set(&mut self, bit: u32, on: bool) {
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }
}

/// What a walk down touches: 16 bytes again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fork {
    pub(super) child: Legs<Ix>,
    /// Place in the journal when it was placed: no descendant can have an earlier one in the matching order. It is the
    /// member's own place there if the placement was what made the member count.
    pub(super) born: u32,
    /// Steps down to the nearest free slot in each leg; zero: the leg's first. At most log2(members), so a byte is plenty.
    pub(super) vacant: Legs<u8>,
    pub(super) flags: u8,
}

/// What never changes after the placement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) id: UserId,
    pub(super) depth: u32,
}

pub(super) const DISTRIBUTOR: u8 = 1;
/// Set while the member counts, but from another place in the order than that of the placement, kept in a side table.
pub(super) const LATE: u8 = 1 << 1;
/// Set while the leg has returned members in the side table.
pub(super) const RETURNED: Legs<u8> = Legs::of(1 << 2, 1 << 3);
/// Set while the member counts.
pub(super) const COUNTS: u8 = 1 << 4;
/// Set while the member is an Active Buyer: decided at each payment and refund, by the plan of that moment.
pub(super) const ACTIVE: u8 = 1 << 5;
