//! Memory layout of a node: 84 bytes in four parts, grouped by access pattern. [`UpwardNode`] for traversals towards
//! the company, [`DownwardNode`] for traversals away from it, [`super::earner_state::EarnerState`] for matching, and
//! [`NodeIdentity`] for the rest.

use crate::domain::legs::Legs;
use crate::domain::node::NodeIndex;
use domain::{Side, UserId};

/// The parent's index, with the side in the lowest bit. One load a level and no data-dependent branch, because the
/// traversal to the company is the most frequent operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ParentLink(u32);

impl ParentLink {
    pub(super) const ABSENT: Self = Self(u32::MAX);

    pub(super) fn new(parent: NodeIndex, side: Side) -> Self {
        Self(parent << 1 | u32::from(side == Side::Right))
    }
    /// Parent and side; `None` for the company.
    pub(super) const fn get(self) -> Option<(NodeIndex, Side)> {
        let side = if self.0 & 1 == 0 { Side::Left } else { Side::Right };
        if self.0 == u32::MAX { None } else { Some((self.0 >> 1, side)) }
    }
}

/// The part that traversals towards the company read: 16 bytes, so it never spans two cache lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct UpwardNode {
    pub(super) parent: ParentLink,
    /// Counting members of each leg.
    pub(super) count: Legs<u32>,
    pub(super) pair_counter: PairCounter,
}

/// Number of outstanding pairs. Each uses one counting member of each leg, so `count - outstanding` are unmatched. The
/// upper bits hold which legs have a frontier and whether the earner is at the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PairCounter(u32);

impl PairCounter {
    const FRONTIER: Legs<u32> = Legs::new(1 << 30, 1 << 31);
    const AT_LIMIT: u32 = 1 << 29;
    const COUNT: u32 = Self::AT_LIMIT - 1;

    pub(super) const fn outstanding(self) -> u32 {
        self.0 & Self::COUNT
    }
    pub(super) const fn set_outstanding(&mut self, pairs: u32) {
        self.0 = self.0 & !Self::COUNT | pairs & Self::COUNT;
    }
    pub(super) const fn has_frontier(self, side: Side) -> bool {
        self.0 & Self::FRONTIER.get(side) != 0
    }
    pub(super) const fn set_frontier(&mut self, side: Side, present: bool) {
        self.set(Self::FRONTIER.get(side), present);
    }
    /// Whether a new member in a leg changes only the count, given the count of the smaller leg: no pair can be made
    /// and no frontier needs the member. A set upper bit exceeds every count, so two comparisons are enough.
    pub(super) const fn cannot_pair(self, smaller: u32) -> bool {
        smaller <= self.0 && self.0 < Self::FRONTIER.left()
    }
    pub(super) const fn is_at_limit(self) -> bool {
        self.0 & Self::AT_LIMIT != 0
    }
    pub(super) const fn set_at_limit(&mut self, at_limit: bool) {
        self.set(Self::AT_LIMIT, at_limit);
    }
    const fn set(&mut self, bit: u32, on: bool) {
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }
}

/// The part that traversals away from the company read: 16 bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct DownwardNode {
    pub(super) child: Legs<NodeIndex>,
    /// Journal sequence number of the placement: no descendant has an earlier matching order. It is the member's own
    /// matching order when the placement made the member count.
    pub(super) placement_order: u32,
    /// Levels down to the nearest free slot in each leg; 0 when the child is missing. At most log2(members), so a byte
    /// fits.
    pub(super) free_slot_distance: Legs<u8>,
    pub(super) flags: u8,
}

/// The part that never changes after the placement.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeIdentity {
    pub(super) id: UserId,
    pub(super) depth: u32,
}

/// Set while the member has the distributor label.
pub(super) const DISTRIBUTOR: u8 = 1;
/// Set while the member's matching order differs from its placement order; `Arena` keeps it in a separate map.
pub(super) const ORDER_OVERRIDDEN: u8 = 1 << 1;
/// Set while the leg has members freed by a voided pair.
pub(super) const HAS_FREED: Legs<u8> = Legs::new(1 << 2, 1 << 3);
/// Set while the member counts.
pub(super) const COUNTING: u8 = 1 << 4;
/// Set while the member is an Active Buyer, as decided at each payment and refund by the plan in force.
pub(super) const ACTIVE: u8 = 1 << 5;
