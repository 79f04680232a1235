//! Level-order search for the first free slot below a member.
//!
//! Every node stores for each leg the distance to the nearest free slot, so the search takes one step a level and at
//! most log2(members) steps.

use super::Arena;
use crate::domain::node_index::{NO_NODE, NodeIndex};
use domain::Side;

/// Result of the last search. Slots are only ever filled and a new node's slots are one level deeper, so the same
/// search continues to the right on the same level, or on the next one.
#[derive(Debug, Clone, Copy)]
pub(super) struct VacancyHint {
    from: NodeIndex,
    prefers: Option<Side>,
    found: NodeIndex,
}

impl Arena {
    /// The first free slot below `from`: shallowest level first, then leftmost; inside the preferred leg of `from` when
    /// there is a preference.
    pub fn find_vacancy(&self, from: NodeIndex, prefers: Option<Side>) -> (NodeIndex, Side) {
        let mut top = from;
        if let Some(side) = prefers {
            match self.child(from, side) {
                None => return (from, side),
                Some(child) => top = child,
            }
        }
        let vacancy_hint =
            self.vacancy_hint.filter(|vacancy_hint| (vacancy_hint.from, vacancy_hint.prefers) == (from, prefers));
        let mut at =
            vacancy_hint.and_then(|vacancy_hint| self.next_on_same_level(vacancy_hint.found, top)).unwrap_or(top);
        loop {
            match self.step_towards_vacancy(at) {
                (side, NO_NODE) => return (at, side),
                (_, child) => at = child,
            }
        }
    }

    /// Records where a search ended; its slot is being filled.
    pub(super) fn record_vacancy_hint(&mut self, from: NodeIndex, prefers: Option<Side>, found: NodeIndex) {
        // The search ended above the preferred leg when that leg was empty.
        let is_inside = prefers.is_none() || found != from;
        self.vacancy_hint = is_inside.then_some(VacancyHint { from, prefers, found });
    }

    /// The next node at or to the right of `found` that leads to a free slot on its level, within the subtree of `top`.
    fn next_on_same_level(&self, found: NodeIndex, top: NodeIndex) -> Option<NodeIndex> {
        if self.downward(found).vacancy_distance.smaller() == 0 {
            return Some(found);
        }
        let (mut at, mut height) = (found, 0);
        while at != top {
            let (parent, side) = self.parent(at)?;
            (at, height) = (parent, height + 1);
            let downward = self.downward(at);
            if side == Side::Left && downward.vacancy_distance.right() == height {
                return Some(downward.child.right());
            }
        }
        None
    }

    /// The side with the nearest free slot, and the child on that side ([`NO_NODE`] when the slot is free).
    pub(super) fn step_towards_vacancy(&self, at: NodeIndex) -> (Side, NodeIndex) {
        let downward = self.downward(at);
        let side = if downward.vacancy_distance.left() <= downward.vacancy_distance.right() {
            Side::Left
        } else {
            Side::Right
        };
        (side, downward.child.get(side))
    }

    /// Sets the distance to the nearest free slot of a leg and propagates it upwards as far as it changes.
    pub(super) fn set_vacancy_distance(&mut self, node: NodeIndex, side: Side, vacancy_distance: u8) {
        let (mut at, mut side, mut vacancy_distance) = (node, side, vacancy_distance);
        loop {
            let vacancies = &mut self.downward_mut(at).vacancy_distance;
            let before = vacancies.smaller();
            vacancies.set(side, vacancy_distance);
            let now = vacancies.smaller();
            let Some(parent) = self.parent(at).filter(|_| now != before) else { return };
            ((at, side), vacancy_distance) = (parent, now.saturating_add(1));
        }
    }
}
