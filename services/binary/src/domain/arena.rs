//! Nodes in memory: positions and leg counts.
//!
//! A child is always younger than its parent, so a node's number is greater than those of all its
//! ancestors. Nothing recurses: a chain of fifty thousand is as good as a bush.

use super::frontier::Frontiers;
use super::index::Index;
use super::input::{Placed, TreeError};
use super::legs::Legs;
use super::matching::Account;
use super::node::{ACTIVE, COUNTS, DISTRIBUTOR, Fork, Ix, LATE, Live, NONE, Origin, ROOT, Rung, Up};
use super::undo::Note;
use super::vacancy::Hint;
use super::walk::{Answers, Walks};
use domain::{Money, Side, UserId};
use std::collections::HashMap;

/// Pairs have 29 bits, and each takes two members.
const MOST: usize = 1 << 30;

#[derive(Debug, Clone)]
pub struct Arena {
    rungs: Vec<Rung>,
    forks: Vec<Fork>,
    accounts: Vec<Account>,
    origins: Vec<Origin>,
    index: Index,
    /// Places in the matching order of those who count from another one than that of their placement.
    late: HashMap<Ix, u32>,
    /// Counting members whose pair was voided, oldest first, by earner and leg.
    pub(super) returned: HashMap<(Ix, Side), Vec<(u32, Ix)>>,
    pub(super) frontiers: Frontiers,
    pub(super) notes: Vec<Note>,
    pub(super) recording: bool,
    pub(super) hint: Option<Hint>,
    pub(super) walks: Walks,
    pub(super) answers: Answers,
    /// Plan version and period in which earners are marked as full.
    spell: Option<(u32, u32)>,
    is_anybody_full: bool,
}

impl Default for Arena {
    fn default() -> Self {
        let mut arena = Self {
            rungs: Vec::new(),
            forks: Vec::new(),
            accounts: Vec::new(),
            origins: Vec::new(),
            index: Index::default(),
            late: HashMap::new(),
            returned: HashMap::new(),
            frontiers: Frontiers::default(),
            notes: Vec::new(),
            recording: false,
            hint: None,
            walks: Walks::default(),
            answers: Answers::default(),
            spell: None,
            is_anybody_full: false,
        };
        arena.push(Up::NOWHERE, Origin { id: UserId::from(uuid::Uuid::nil()), depth: 0 }, 0);
        arena
    }
}

pub(super) fn wide(ix: Ix) -> usize {
    usize::try_from(ix).unwrap_or(usize::MAX)
}

#[expect(clippy::indexing_slicing, reason = "a node's number is only ever made by `push`")]
fn at<T>(of_nodes: &[T], node: Ix) -> &T {
    &of_nodes[wide(node)]
}
#[expect(clippy::indexing_slicing, reason = "a node's number is only ever made by `push`")]
fn at_mut<T>(of_nodes: &mut [T], node: Ix) -> &mut T {
    &mut of_nodes[wide(node)]
}

const fn set(flags: &mut u8, flag: u8, on: bool) {
    *flags = if on { *flags | flag } else { *flags & !flag };
}

impl Arena {
    /// Members placed, without the company.
    pub fn len(&self) -> usize {
        self.origins.len().saturating_sub(1)
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Every node's number but the company's.
    pub fn members(&self) -> impl Iterator<Item = Ix> + use<> {
        1..Ix::try_from(self.origins.len()).unwrap_or(NONE)
    }
    pub fn find(&self, id: UserId) -> Option<Ix> {
        self.index.find(id, |ix| at(&self.origins, ix).id == id)
    }
    pub(super) const fn index(&self) -> &Index {
        &self.index
    }
    /// Who it is but for a coincidence of hashes, without a look at the node.
    pub(super) fn guess(&self, id: UserId) -> Option<Ix> {
        self.index.find(id, |_| true)
    }
    pub fn contains(&self, node: Ix) -> bool {
        wide(node) < self.origins.len()
    }
    /// Bytes held by nodes, index and side table, without what was reserved ahead.
    pub fn bytes(&self) -> usize {
        let node = size_of::<Rung>() + size_of::<Fork>() + size_of::<Account>() + size_of::<Origin>();
        self.origins.len() * node + self.index.bytes() + self.late.len() * size_of::<(Ix, u32)>()
    }

    pub(super) fn rung(&self, node: Ix) -> &Rung {
        at(&self.rungs, node)
    }
    pub(super) fn rung_mut(&mut self, node: Ix) -> &mut Rung {
        at_mut(&mut self.rungs, node)
    }
    pub(super) fn fork(&self, node: Ix) -> &Fork {
        at(&self.forks, node)
    }
    pub(super) fn fork_mut(&mut self, node: Ix) -> &mut Fork {
        at_mut(&mut self.forks, node)
    }
    pub(super) fn account(&self, node: Ix) -> &Account {
        at(&self.accounts, node)
    }
    pub(super) fn account_mut(&mut self, node: Ix) -> &mut Account {
        at_mut(&mut self.accounts, node)
    }
    pub(super) fn origin(&self, node: Ix) -> &Origin {
        at(&self.origins, node)
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
        self.rung(node).up.step()
    }
    /// Every ancestor, the nearest first, and the leg of it that the node is in.
    pub fn upline(&self, node: Ix) -> impl Iterator<Item = (Ix, Side)> {
        std::iter::successors(self.up(node), |(at, _)| self.up(*at))
    }
    pub fn child(&self, node: Ix, side: Side) -> Option<Ix> {
        Some(self.fork(node).child.get(side)).filter(|ix| *ix != NONE)
    }
    pub fn depth(&self, node: Ix) -> u32 {
        self.origin(node).depth
    }
    pub fn counts(&self, node: Ix) -> Legs<u32> {
        self.rung(node).count
    }
    pub fn is_counting(&self, node: Ix) -> bool {
        self.fork(node).flags & COUNTS != 0
    }
    /// Place in the matching order; zero while the member does not count.
    pub(super) fn counted(&self, node: Ix) -> u32 {
        let fork = self.fork(node);
        if fork.flags & LATE != 0 {
            return self.late.get(&node).copied().unwrap_or(0);
        }
        if fork.flags & COUNTS == 0 { 0 } else { fork.born }
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
        let rung = self.rung(node);
        if node == ROOT { 0 } else { rung.count.smaller().saturating_sub(rung.live.pairs()) }
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
        if self.origins.len() >= MOST {
            return Err(TreeError::Full);
        }
        if self.child(parent, side).is_some() {
            return Err(if self.find(id).is_some() { TreeError::AlreadyPlaced(id) } else { TreeError::SlotTaken });
        }
        let node = Ix::try_from(self.origins.len()).unwrap_or(NONE);
        let Self { index, origins, .. } = self;
        if !index.insert(id, node, |ix| at(origins, ix).id == id) {
            return Err(TreeError::AlreadyPlaced(id));
        }
        let depth = self.depth(parent).saturating_add(1);
        self.push(Up::new(parent, side), Origin { id, depth }, born);
        self.note(Note::Placed);
        self.fork_mut(parent).child.set(side, node);
        // The new node's own slots are one step further down.
        self.set_vacant(parent, side, 1);
        Ok(Placed { node, parent, side, depth })
    }

    fn push(&mut self, up: Up, origin: Origin, born: u32) {
        self.rungs.push(Rung { up, count: Legs::default(), live: Live::default() });
        self.forks.push(Fork { child: Legs::of(NONE, NONE), born, vacant: Legs::default(), flags: 0 });
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
            self.fork_mut(parent).child.set(side, NONE);
            self.set_vacant(parent, side, 0);
        }
        self.rungs.pop();
        self.forks.pop();
        self.accounts.pop();
        self.origins.pop();
    }

    /// Begins a time in which neither plan nor period changes, if it is another one. Until it ends, earners at their
    /// limit are marked, so that the members who join below them cost nothing more: near the root that is
    /// nearly everybody.
    pub(super) fn begin_spell(&mut self, version: u32, period: u32) {
        if self.spell != Some((version, period)) {
            self.end_spell();
            self.spell = Some((version, period));
        }
    }

    /// Forgets who is at their limit.
    pub(super) fn end_spell(&mut self) {
        self.spell = None;
        if std::mem::take(&mut self.is_anybody_full) {
            self.rungs.iter_mut().for_each(|rung| rung.live.set_full(false));
        }
    }

    pub(super) fn mark_full(&mut self, earner: Ix, version: u32, period: u32) {
        self.begin_spell(version, period);
        self.is_anybody_full = true;
        self.rung_mut(earner).live.set_full(true);
    }

    pub fn is_active_buyer(&self, node: Ix) -> bool {
        self.fork(node).flags & ACTIVE != 0
    }
    pub(super) fn set_active_buyer(&mut self, node: Ix, active: bool) {
        set(&mut self.fork_mut(node).flags, ACTIVE, active);
    }

    pub fn is_distributor(&self, node: Ix) -> bool {
        self.fork(node).flags & DISTRIBUTOR != 0
    }
    pub(super) fn set_label(&mut self, node: Ix, distributor: bool) {
        set(&mut self.fork_mut(node).flags, DISTRIBUTOR, distributor);
        // Who may not match without the label may be marked.
        self.rung_mut(node).live.set_full(false);
    }

    /// Sets a member's place in the matching order (zero: none), and nothing above.
    pub(super) fn set_counted(&mut self, node: Ix, counted: u32) {
        let fork = self.fork_mut(node);
        let (was_late, is_late) = (fork.flags & LATE != 0, counted != 0 && counted != fork.born);
        fork.flags &= !(COUNTS | LATE);
        if counted != 0 {
            fork.flags |= if is_late { COUNTS | LATE } else { COUNTS };
        }
        if is_late {
            self.late.insert(node, counted);
        } else if was_late {
            self.late.remove(&node);
        }
    }

    /// Sets the place in the matching order (zero: none) and every leg count above, and nothing else.
    pub(super) fn recount(&mut self, node: Ix, counted: u32) {
        self.answers = Answers::default();
        let before = self.counted(node);
        self.set_counted(node, counted);
        let mut at = self.up(node);
        while let Some((above, side)) = at {
            let rung = self.rung_mut(above);
            let count = rung.count.get_mut(side);
            *count = match (before, counted) {
                (0, 0) => *count,
                (0, _) => count.saturating_add(1),
                (_, 0) => count.saturating_sub(1),
                (_, _) => *count,
            };
            at = rung.up.step();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{InPlay, Input, Tree};
    use domain::Timestamp;

    #[test]
    fn a_node_is_eighty_four_bytes() {
        assert_eq!((size_of::<Rung>(), size_of::<Fork>(), size_of::<Account>(), size_of::<Origin>()), (16, 16, 32, 20));
    }

    #[test]
    fn marks_end_with_their_spell_and_leave_what_stands_beside_them() {
        let mut arena = Arena::default();
        let live = |arena: &Arena| arena.rung(ROOT).live;
        arena.begin_spell(1, 202_611);
        arena.rung_mut(ROOT).live.set_pairs(7);
        arena.rung_mut(ROOT).live.set_searched(Side::Right, true);
        arena.mark_full(ROOT, 1, 202_611);
        arena.begin_spell(1, 202_611);
        assert!(live(&arena).is_full());
        for (version, period) in [(2, 202_611), (2, 202_612)] {
            arena.begin_spell(version, period);
            assert!(!live(&arena).is_full());
            arena.mark_full(ROOT, version, period);
        }
        arena.end_spell();
        assert!(!live(&arena).is_full());
        assert_eq!((live(&arena).pairs(), live(&arena).is_searched(Side::Right)), (7, true));
        assert!(!live(&arena).is_searched(Side::Left));
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
