//! Nodes in memory: positions, vacancies and leg counts.
//!
//! A node is 88 bytes in two arrays: what every walk to the root touches, and the rest. A child is always
//! younger than its parent, so a node's number is greater than those of all its ancestors. Nothing recurses:
//! a chain of fifty thousand is as good as a bush.

use super::frontier::Frontiers;
use super::index::Index;
use super::input::{Placed, TreeError};
use super::legs::Legs;
use super::undo::Note;
use domain::{Money, Side, UserId};
use std::collections::HashMap;

/// A node's number: the order of placement.
pub type Ix = u32;
/// The company: it has no parent, matches no pairs and earns nothing.
pub const ROOT: Ix = 0;
/// No node.
pub const NONE: Ix = Ix::MAX;

/// What a walk to the root touches: 32 bytes, so aligned that none lies across two cache lines.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(super) struct Link {
    pub(super) parent: Ix,
    pub(super) child: Legs<Ix>,
    /// Counting members of each leg.
    pub(super) count: Legs<u32>,
    /// Pairs that stand. Each uses one counting member of each leg, so `count - live` are unmatched.
    pub(super) live: u32,
    /// Place in the matching order; zero while the member does not count.
    pub(super) counted: u32,
    /// Steps down to the nearest node with a free slot. At most log2(members), so a byte is plenty.
    pub(super) vac: u8,
    pub(super) flags: u8,
    /// The spell in which no more pairs are allowed. A hint that may be missing: see [`Arena::spell`].
    pub(super) full: Spell,
}

/// A time in which neither plan nor period changes, numbered so that old ones are recognised.
pub(super) type Spell = u16;
/// In no spell.
const NEVER: Spell = 0;

/// The rest of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detail {
    pub(super) id: UserId,
    pub(super) net_paid: Money,
    /// Place in the journal when it was placed: no descendant can have an earlier one in the matching order.
    pub(super) born: u32,
    pub(super) depth: u32,
    /// Of the pair made last.
    pub(super) number: u32,
    /// The day (`YYYYMMDD`) on which a slot was taken last, and the slots taken on it and in its month.
    pub(super) day: u32,
    pub(super) day_slots: u32,
    pub(super) month_slots: u32,
    /// Everybody in the leg up to this place in the matching order has been matched once.
    pub(super) taken: Legs<u32>,
}

pub(super) const RIGHT_CHILD: u8 = 1;
pub(super) const DISTRIBUTOR: u8 = 1 << 1;
/// Set while the leg has returned members, or a frontier, in the side tables.
pub(super) const RETURNED: Legs<u8> = Legs { left: 1 << 2, right: 1 << 3 };
pub(super) const FRONTIER: Legs<u8> = Legs { left: 1 << 4, right: 1 << 5 };

#[derive(Debug, Clone)]
pub struct Arena {
    links: Vec<Link>,
    details: Vec<Detail>,
    index: Index,
    /// Counting members whose pair was voided, oldest first, by earner and leg.
    pub(super) returned: HashMap<(Ix, Side), Vec<(u32, Ix)>>,
    pub(super) frontiers: Frontiers,
    pub(super) notes: Vec<Note>,
    pub(super) recording: bool,
    spell: Spell,
    /// Plan version and period of the spell.
    terms: (u32, u32),
}

impl Default for Arena {
    fn default() -> Self {
        let mut arena = Self {
            links: Vec::new(),
            details: Vec::new(),
            index: Index::default(),
            returned: HashMap::new(),
            frontiers: Frontiers::default(),
            notes: Vec::new(),
            recording: false,
            spell: NEVER,
            terms: (0, 0),
        };
        arena.push(UserId::from(uuid::Uuid::nil()), NONE, Side::Left, 0, 0);
        arena
    }
}

fn wide(ix: Ix) -> usize {
    usize::try_from(ix).unwrap_or(usize::MAX)
}

impl Arena {
    /// Members placed, without the company.
    pub fn len(&self) -> usize {
        self.links.len().saturating_sub(1)
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Every node's number but the company's.
    pub fn members(&self) -> impl Iterator<Item = Ix> + use<> {
        1..Ix::try_from(self.links.len()).unwrap_or(NONE)
    }
    pub fn find(&self, id: UserId) -> Option<Ix> {
        self.index.find(id, |ix| self.details.get(wide(ix)).map(|d| d.id))
    }
    pub fn contains(&self, node: Ix) -> bool {
        wide(node) < self.links.len()
    }
    /// Bytes held by nodes and index, without what was reserved ahead.
    pub fn bytes(&self) -> usize {
        self.links.len() * size_of::<Link>() + self.details.len() * size_of::<Detail>() + self.index.bytes()
    }

    #[expect(clippy::indexing_slicing, reason = "a node's number is only ever made by `push`")]
    pub(super) fn link(&self, node: Ix) -> &Link {
        &self.links[wide(node)]
    }
    #[expect(clippy::indexing_slicing, reason = "a node's number is only ever made by `push`")]
    pub(super) fn link_mut(&mut self, node: Ix) -> &mut Link {
        &mut self.links[wide(node)]
    }
    #[expect(clippy::indexing_slicing, reason = "a node's number is only ever made by `push`")]
    pub(super) fn detail(&self, node: Ix) -> &Detail {
        &self.details[wide(node)]
    }
    #[expect(clippy::indexing_slicing, reason = "a node's number is only ever made by `push`")]
    pub(super) fn detail_mut(&mut self, node: Ix) -> &mut Detail {
        &mut self.details[wide(node)]
    }

    pub fn id(&self, node: Ix) -> UserId {
        self.detail(node).id
    }
    /// The member's id; none for the company.
    pub fn member_id(&self, node: Ix) -> Option<UserId> {
        (node != ROOT && node != NONE).then(|| self.id(node))
    }
    pub fn parent(&self, node: Ix) -> Ix {
        self.link(node).parent
    }
    pub fn child(&self, node: Ix, side: Side) -> Option<Ix> {
        Some(self.link(node).child.get(side)).filter(|ix| *ix != NONE)
    }
    /// Under its parent.
    pub fn side(&self, node: Ix) -> Side {
        if self.link(node).flags & RIGHT_CHILD == 0 { Side::Left } else { Side::Right }
    }
    pub fn depth(&self, node: Ix) -> u32 {
        self.detail(node).depth
    }
    pub fn counts(&self, node: Ix) -> Legs<u32> {
        self.link(node).count
    }
    pub fn is_counting(&self, node: Ix) -> bool {
        self.link(node).counted != 0
    }
    pub fn net_paid(&self, node: Ix) -> Money {
        self.detail(node).net_paid
    }
    /// Pairs that could be made if nothing limited them.
    pub fn backlog(&self, node: Ix) -> u32 {
        let link = self.link(node);
        if node == ROOT { 0 } else { link.count.smaller().saturating_sub(link.live) }
    }
    /// Whether `node` is `ancestor` or below it.
    pub fn is_within(&self, node: Ix, ancestor: Ix) -> bool {
        let mut at = node;
        // Ancestors have smaller numbers: once below, it cannot be met any more.
        while at != NONE && at > ancestor {
            at = self.parent(at);
        }
        at == ancestor
    }

    /// Walks from all these nodes up to the company, side by side, so that the waits for memory overlap. Whoever takes
    /// the same ways next finds them in the cache.
    pub fn warm(&self, mut nodes: Vec<Ix>) {
        while !nodes.is_empty() {
            nodes.retain_mut(|at| {
                *at = self.parent(*at);
                *at != NONE
            });
        }
    }

    /// The first vacant slot below `from`: shallowest level first, then leftmost; inside the preferred leg of
    /// `from` if there is a preference.
    pub fn vacancy(&self, from: Ix, prefers: Option<Side>) -> (Ix, Side) {
        let mut at = from;
        if let Some(side) = prefers {
            match self.child(from, side) {
                None => return (from, side),
                Some(child) => at = child,
            }
        }
        loop {
            let child = self.link(at).child;
            if child.left == NONE {
                return (at, Side::Left);
            }
            if child.right == NONE {
                return (at, Side::Right);
            }
            at = if self.link(child.left).vac <= self.link(child.right).vac { child.left } else { child.right };
        }
    }

    /// Adds a member who does not count yet.
    pub fn place(&mut self, id: UserId, parent: Ix, side: Side, born: u32) -> Result<Placed, TreeError> {
        if self.child(parent, side).is_some() {
            return Err(TreeError::SlotTaken);
        }
        if self.links.len() >= wide(NONE) {
            return Err(TreeError::Full);
        }
        let depth = self.depth(parent).saturating_add(1);
        let node = self.push(id, parent, side, depth, born);
        self.link_mut(parent).child.set(side, node);
        self.refresh_vacancy(parent);
        self.note(Note::Placed);
        Ok(Placed { node, parent, side, depth })
    }

    fn push(&mut self, id: UserId, parent: Ix, side: Side, depth: u32, born: u32) -> Ix {
        let node = Ix::try_from(self.links.len()).unwrap_or(NONE);
        self.links.push(Link {
            parent,
            child: Legs { left: NONE, right: NONE },
            count: Legs::default(),
            live: 0,
            counted: 0,
            vac: 0,
            flags: if side == Side::Right { RIGHT_CHILD } else { 0 },
            full: NEVER,
        });
        self.details.push(Detail {
            id,
            net_paid: Money::ZERO,
            born,
            depth,
            number: 0,
            day: 0,
            day_slots: 0,
            month_slots: 0,
            taken: Legs::default(),
        });
        if node != ROOT {
            let Self { index, details, .. } = self;
            index.insert(id, node, |ix| details.get(wide(ix)).map(|d| d.id));
        }
        node
    }

    pub(super) fn unplace_last(&mut self) {
        let Some(node) = Ix::try_from(self.len()).ok().filter(|ix| *ix != ROOT) else { return };
        let (parent, side, id) = (self.parent(node), self.side(node), self.id(node));
        let Self { index, details, .. } = self;
        index.remove_last(id, |ix| details.get(wide(ix)).map(|d| d.id));
        self.links.pop();
        self.details.pop();
        self.link_mut(parent).child.set(side, NONE);
        self.refresh_vacancy(parent);
    }

    /// The spell of a plan version and a period. Earners at their limit are marked with it, so that the members who
    /// join below them until it ends cost nothing more: near the root that is nearly everybody.
    pub(super) fn spell(&mut self, version: u32, period: u32) -> Spell {
        if self.spell == NEVER || self.terms != (version, period) {
            self.terms = (version, period);
            self.end_spell();
        }
        self.spell
    }

    /// Forgets who is at their limit.
    pub(super) fn end_spell(&mut self) {
        self.spell = self.spell.wrapping_add(1);
        if self.spell == NEVER {
            self.links.iter_mut().for_each(|link| link.full = NEVER);
            self.spell = NEVER + 1;
        }
    }

    /// Carries a changed vacancy upwards, as far as it changes anything.
    fn refresh_vacancy(&mut self, from: Ix) {
        let mut at = from;
        while at != NONE {
            let link = self.link(at);
            let child = link.child;
            let vac = if child.left == NONE || child.right == NONE {
                0
            } else {
                self.link(child.left).vac.min(self.link(child.right).vac).saturating_add(1)
            };
            if link.vac == vac {
                return;
            }
            let link = self.link_mut(at);
            link.vac = vac;
            at = link.parent;
        }
    }

    pub fn is_distributor(&self, node: Ix) -> bool {
        self.link(node).flags & DISTRIBUTOR != 0
    }
    pub(super) fn set_label(&mut self, node: Ix, distributor: bool) {
        let flags = &mut self.link_mut(node).flags;
        if distributor {
            *flags |= DISTRIBUTOR;
        } else {
            *flags &= !DISTRIBUTOR;
        }
    }

    /// Sets the place in the matching order (zero: none) and every leg count above, and nothing else.
    pub(super) fn recount(&mut self, node: Ix, counted: u32) {
        let before = std::mem::replace(&mut self.link_mut(node).counted, counted);
        let (mut below, mut at) = (node, self.parent(node));
        while at != NONE {
            let side = self.side(below);
            let count = self.link(at).count.get(side);
            let now = match (before, counted) {
                (0, 0) => count,
                (0, _) => count.saturating_add(1),
                (_, 0) => count.saturating_sub(1),
                (_, _) => count,
            };
            self.link_mut(at).count.set(side, now);
            (below, at) = (at, self.parent(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{InPlay, Input, Tree};
    use domain::Timestamp;

    #[test]
    fn a_node_is_eighty_eight_bytes() {
        assert_eq!((size_of::<Link>(), size_of::<Detail>()), (32, 56));
    }

    #[test]
    fn a_deep_chain_needs_no_stack_and_is_found_from_its_top() {
        const DEPTH: u32 = 3_000;
        let user = |n: u32| UserId::from(uuid::Uuid::from_u128(u128::from(n)));
        let (mut tree, mut in_play) = (Tree::default(), InPlay::default());
        for n in 1..=DEPTH {
            let input = Input::Placed {
                user: user(n),
                sponsor: (n > 1).then(|| user(n - 1)),
                prefers: Some(Side::Left),
                distributor: false,
                amount: Money::from_rupees(500),
            };
            tree.apply(Timestamp::UNIX_EPOCH, &input, &mut in_play).expect("placed");
        }
        let arena = tree.arena();
        let bottom = arena.find(user(DEPTH)).expect("placed");
        assert_eq!((arena.depth(bottom), arena.counts(1).left), (DEPTH, DEPTH - 1));
        assert_eq!((arena.leg_of(1, bottom), arena.is_within(bottom, 1)), (Some(Side::Left), true));
        assert_eq!(arena.vacancy(ROOT, None), (ROOT, Side::Right));
        assert_eq!(arena.vacancy(bottom, None), (bottom, Side::Left));
    }
}
