//! Nodes in memory: positions and leg counts.
//!
//! A node is 88 bytes in three arrays: what every walk to the root touches, what pairing changes in an earner, and
//! the rest. A child is always younger than its parent, so a node's number is greater than those of all its
//! ancestors. Nothing recurses: a chain of fifty thousand is as good as a bush.

use super::frontier::Frontiers;
use super::index::Index;
use super::input::{Placed, TreeError};
use super::legs::Legs;
use super::matching::Account;
use super::undo::Note;
use super::vacancy::Hint;
use domain::{Money, Side, UserId};
use std::collections::HashMap;

/// A node's number: the order of placement.
pub type Ix = u32;
/// The company: it has no parent, matches no pairs and earns nothing.
pub const ROOT: Ix = 0;
/// No node.
pub const NONE: Ix = Ix::MAX;
/// Parent and side share 32 bits, so numbers have 31.
const MOST: usize = 1 << 31;
/// Nodes for which there is room in an empty tree.
const SMALLEST: usize = 64;

/// The way to the parent: its number, and in the lowest bit on which side of it the node stands. One load a step,
/// and no branch that depends on what was loaded: a walk to the root is the most frequent thing a tree does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Up(u32);

impl Up {
    const NOWHERE: Self = Self(u32::MAX);

    fn new(parent: Ix, side: Side) -> Self {
        Self(parent << 1 | u32::from(side == Side::Right))
    }
    /// Parent and side; none for the company.
    pub(super) const fn step(self) -> Option<(Ix, Side)> {
        let side = if self.0 & 1 == 0 { Side::Left } else { Side::Right };
        if self.0 == u32::MAX { None } else { Some((self.0 >> 1, side)) }
    }
}

/// What a walk to the root touches: 32 bytes, so aligned that none lies across two cache lines.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(super) struct Link {
    pub(super) up: Up,
    pub(super) child: Legs<Ix>,
    /// Counting members of each leg.
    pub(super) count: Legs<u32>,
    /// Pairs that stand. Each uses one counting member of each leg, so `count - live` are unmatched.
    pub(super) live: u32,
    /// Place in the matching order; zero while the member does not count.
    pub(super) counted: u32,
    /// Steps down to the nearest free slot in each leg; zero: the leg's first. At most log2(members), so a byte is plenty.
    pub(super) vacant: Legs<u8>,
    pub(super) flags: u8,
    /// The spell in which no more pairs are allowed. A hint that may be missing: see [`Arena::spell`].
    pub(super) full: Spell,
}

/// A time in which neither plan nor period changes, numbered so that old ones are recognised.
pub(super) type Spell = u8;
/// In no spell.
pub(super) const NEVER: Spell = 0;

/// What never changes after the placement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) id: UserId,
    /// Place in the journal when it was placed: no descendant can have an earlier one in the matching order.
    pub(super) born: u32,
    pub(super) depth: u32,
}

pub(super) const DISTRIBUTOR: u8 = 1;
/// Set while the member counts, but from another place in the order than that of the placement.
pub(super) const LATE: u8 = 1 << 1;
/// Set while the leg has returned members, or a frontier, in the side tables.
pub(super) const RETURNED: Legs<u8> = Legs::of(1 << 2, 1 << 3);
pub(super) const FRONTIER: Legs<u8> = Legs::of(1 << 4, 1 << 5);

#[derive(Debug, Clone)]
pub struct Arena {
    pub(super) links: Vec<Link>,
    accounts: Vec<Account>,
    origins: Vec<Origin>,
    index: Index,
    /// Counting members whose pair was voided, oldest first, by earner and leg.
    pub(super) returned: HashMap<(Ix, Side), Vec<(u32, Ix)>>,
    pub(super) frontiers: Frontiers,
    pub(super) notes: Vec<Note>,
    pub(super) recording: bool,
    pub(super) hint: Option<Hint>,
    spell: Spell,
    /// Plan version and period of the spell.
    terms: (u32, u32),
}

impl Default for Arena {
    fn default() -> Self {
        let mut arena = Self {
            links: Vec::new(),
            accounts: Vec::new(),
            origins: Vec::new(),
            index: Index::default(),
            returned: HashMap::new(),
            frontiers: Frontiers::default(),
            notes: Vec::new(),
            recording: false,
            hint: None,
            spell: NEVER,
            terms: (0, 0),
        };
        arena.push(Up::NOWHERE, Origin { id: UserId::from(uuid::Uuid::nil()), born: 0, depth: 0 });
        arena
    }
}

pub(super) fn wide(ix: Ix) -> usize {
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
        self.index.find(id, |ix| self.origins.get(wide(ix)).is_some_and(|origin| origin.id == id))
    }
    pub fn contains(&self, node: Ix) -> bool {
        wide(node) < self.links.len()
    }
    /// Bytes held by nodes and index, without what was reserved ahead.
    pub fn bytes(&self) -> usize {
        let node = size_of::<Link>() + size_of::<Account>() + size_of::<Origin>();
        self.links.len() * node + self.index.bytes()
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
    pub(super) fn account(&self, node: Ix) -> &Account {
        &self.accounts[wide(node)]
    }
    #[expect(clippy::indexing_slicing, reason = "a node's number is only ever made by `push`")]
    pub(super) fn account_mut(&mut self, node: Ix) -> &mut Account {
        &mut self.accounts[wide(node)]
    }
    #[expect(clippy::indexing_slicing, reason = "a node's number is only ever made by `push`")]
    pub(super) fn origin(&self, node: Ix) -> &Origin {
        &self.origins[wide(node)]
    }

    pub fn id(&self, node: Ix) -> UserId {
        self.origin(node).id
    }
    /// The member's id; none for the company.
    pub fn member_id(&self, node: Ix) -> Option<UserId> {
        (node != ROOT && node != NONE).then(|| self.id(node))
    }
    /// Parent and side; none for the company.
    pub fn up(&self, node: Ix) -> Option<(Ix, Side)> {
        self.link(node).up.step()
    }
    /// Every ancestor, the nearest first, and the leg of it that the node is in.
    pub fn upline(&self, node: Ix) -> impl Iterator<Item = (Ix, Side)> {
        std::iter::successors(self.up(node), |(at, _)| self.up(*at))
    }
    pub fn child(&self, node: Ix, side: Side) -> Option<Ix> {
        Some(self.link(node).child.get(side)).filter(|ix| *ix != NONE)
    }
    pub fn depth(&self, node: Ix) -> u32 {
        self.origin(node).depth
    }
    pub fn counts(&self, node: Ix) -> Legs<u32> {
        self.link(node).count
    }
    pub fn is_counting(&self, node: Ix) -> bool {
        self.link(node).counted != 0
    }
    pub fn net_paid(&self, node: Ix) -> Money {
        self.account(node).net_paid
    }
    /// The number of the pair made last.
    pub fn last_pair(&self, node: Ix) -> u32 {
        self.account(node).number
    }
    /// Pairs that could be made if nothing limited them.
    pub fn backlog(&self, node: Ix) -> u32 {
        let link = self.link(node);
        if node == ROOT { 0 } else { link.count.smaller().saturating_sub(link.live) }
    }
    /// Whether `node` is `ancestor` or below it.
    pub fn is_within(&self, node: Ix, ancestor: Ix) -> bool {
        node == ancestor || self.leg_of(ancestor, node).is_some()
    }
    /// Which leg of `ancestor` the node is in.
    pub fn leg_of(&self, ancestor: Ix, node: Ix) -> Option<Side> {
        // Ancestors have smaller numbers: once above, it cannot be met any more.
        self.upline(node).take_while(|(at, _)| *at >= ancestor).find(|(at, _)| *at == ancestor).map(|(_, side)| side)
    }

    /// Adds a member who does not count yet.
    pub fn place(&mut self, id: UserId, parent: Ix, side: Side, born: u32) -> Result<Placed, TreeError> {
        if self.links.len() >= MOST {
            return Err(TreeError::Full);
        }
        if self.child(parent, side).is_some() {
            return Err(if self.find(id).is_some() { TreeError::AlreadyPlaced(id) } else { TreeError::SlotTaken });
        }
        let node = Ix::try_from(self.links.len()).unwrap_or(NONE);
        let Self { index, origins, .. } = self;
        if !index.insert(id, node, |ix| origins.get(wide(ix)).is_some_and(|origin| origin.id == id)) {
            return Err(TreeError::AlreadyPlaced(id));
        }
        let depth = self.depth(parent).saturating_add(1);
        self.push(Up::new(parent, side), Origin { id, born, depth });
        self.note(Note::Placed);
        self.link_mut(parent).child.set(side, node);
        self.refresh_vacant(node);
        Ok(Placed { node, parent, side, depth })
    }

    fn push(&mut self, up: Up, origin: Origin) {
        if self.links.len() == self.links.capacity() {
            // Four times as much: memory nobody has touched costs nothing, but every move touches all of it twice.
            let more = (self.links.len() * 3).max(SMALLEST);
            self.links.reserve_exact(more);
            self.accounts.reserve_exact(more);
            self.origins.reserve_exact(more);
        }
        self.links.push(Link {
            up,
            child: Legs::of(NONE, NONE),
            count: Legs::default(),
            live: 0,
            counted: 0,
            vacant: Legs::default(),
            flags: 0,
            full: NEVER,
        });
        self.accounts.push(Account::default());
        self.origins.push(origin);
    }

    /// Takes back the last placement, and that its member counts.
    pub(super) fn unplace_last(&mut self) {
        let Some(node) = Ix::try_from(self.len()).ok().filter(|ix| *ix != ROOT) else { return };
        if self.is_counting(node) {
            self.recount(node, 0);
        }
        self.index.remove(self.id(node), |ix| ix == node);
        if let Some((parent, side)) = self.up(node) {
            self.link_mut(parent).child.set(side, NONE);
            self.set_vacant(parent, side, 0);
        }
        self.links.pop();
        self.accounts.pop();
        self.origins.pop();
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

    pub fn is_distributor(&self, node: Ix) -> bool {
        self.link(node).flags & DISTRIBUTOR != 0
    }
    pub(super) fn set_label(&mut self, node: Ix, distributor: bool) {
        let link = self.link_mut(node);
        if distributor {
            link.flags |= DISTRIBUTOR;
        } else {
            link.flags &= !DISTRIBUTOR;
        }
        // Who may not match without the label may be marked.
        link.full = NEVER;
    }

    /// Sets a member's place in the matching order (zero: none), and nothing above.
    pub(super) fn set_counted(&mut self, node: Ix, counted: u32) {
        let born = self.origin(node).born;
        let link = self.link_mut(node);
        link.counted = counted;
        if counted == 0 || counted == born {
            link.flags &= !LATE;
        } else {
            link.flags |= LATE;
        }
    }

    /// Sets the place in the matching order (zero: none) and every leg count above, and nothing else.
    pub(super) fn recount(&mut self, node: Ix, counted: u32) {
        let before = self.link(node).counted;
        self.set_counted(node, counted);
        let mut at = self.up(node);
        while let Some((above, side)) = at {
            let link = self.link_mut(above);
            let count = link.count.get_mut(side);
            *count = match (before, counted) {
                (0, 0) => *count,
                (0, _) => count.saturating_add(1),
                (_, 0) => count.saturating_sub(1),
                (_, _) => *count,
            };
            at = link.up.step();
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
        assert_eq!((size_of::<Link>(), size_of::<Account>(), size_of::<Origin>()), (32, 32, 24));
    }

    #[test]
    fn a_mark_of_an_old_spell_is_never_taken_for_a_new_one() {
        let mut arena = Arena::default();
        let first = arena.spell(1, 202_611);
        arena.link_mut(ROOT).full = first;
        for period in 0..1_000 {
            let spell = arena.spell(2, period);
            assert!(spell != NEVER && arena.link(ROOT).full != spell, "after {period} spells");
        }
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
        assert_eq!((arena.depth(bottom), arena.counts(1).left()), (DEPTH, DEPTH - 1));
        assert_eq!((arena.leg_of(1, bottom), arena.is_within(bottom, 1)), (Some(Side::Left), true));
        assert_eq!(arena.vacancy(ROOT, None), (ROOT, Side::Right));
        assert_eq!(arena.vacancy(bottom, None), (bottom, Side::Left));
    }
}
