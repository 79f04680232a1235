//! What inputs that come next will touch, touched before they are applied.
//!
//! At ten million members nearly every step of a search waits for memory, and each needs what the one before found.
//! But searches for different inputs need nothing of each other: made side by side, a step of each at a time, they
//! wait together. Each step is fetched for all of them before any of them decides by it: a processor that guessed a
//! decision wrong would begin the next fetch late. Who takes the same ways next finds them in the processor's cache,
//! and whom its earners will match among the answers of [`super::walk`].

use super::arena::Arena;
use super::input::Input;
use super::matching::Terms;
use super::node::{Ix, NONE};
use domain::Side;
use std::hint::black_box;

/// Members whose nodes are in the cache anyway, because every walk comes by: those placed first.
const HOT: Ix = if cfg!(test) { 0 } else { 8_192 };

impl Arena {
    pub(super) fn warm<'a>(&mut self, inputs: impl Iterator<Item = &'a Input> + Clone, terms: &Terms<'_>) {
        let ids = inputs.clone().flat_map(|input| [input.user(), input.sponsor()]);
        self.index().touch(ids.flatten());
        let mut members = Vec::new();
        let mut sponsors = Vec::new();
        for input in inputs {
            match input {
                // A new member has no node yet.
                Input::Placed { sponsor: from, .. } | Input::PlacedManually { parent: from, .. } => {
                    sponsors.extend(from.and_then(|id| self.guess(id)));
                }
                Input::Paid { user, .. } | Input::Refunded { user, .. } | Input::Labelled { user, .. } => {
                    members.extend(self.guess(*user));
                }
                Input::DayStarted | Input::PeriodOpened | Input::PlanPublished(_) => {}
            }
        }
        for node in members {
            black_box(self.origin(node).id);
            black_box(self.account(node).net_paid);
        }
        for node in &sponsors {
            black_box(self.origin(*node).id);
        }
        let parents = self.descend(sponsors);
        self.climb(parents, terms);
    }

    /// Down to the vacancies.
    fn descend(&self, mut nodes: Vec<Ix>) -> Vec<Ix> {
        let mut found = Vec::with_capacity(nodes.len());
        while !nodes.is_empty() {
            for at in &nodes {
                black_box(self.fork(*at).vacant);
            }
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
        found
    }

    /// Up to the company. Looks for whom the earners on the way will match.
    fn climb(&mut self, mut nodes: Vec<Ix>, terms: &Terms<'_>) {
        let mut earners = Vec::with_capacity(2 * nodes.len());
        while !nodes.is_empty() {
            for at in &nodes {
                black_box(self.up(*at).map(|(parent, _)| self.rung(parent).count));
            }
            nodes.retain_mut(|at| {
                let Some((parent, side)) = self.up(*at) else { return false };
                let rung = self.rung(parent);
                if !rung.live.is_full() {
                    let mut count = rung.count;
                    count.increment(side);
                    let backlog = count.smaller().saturating_sub(rung.live.pairs());
                    if backlog > 0 {
                        // Who joins alone is taken without a search.
                        let is_alone = count.get(side) == rung.live.pairs() + 1;
                        earners.push((parent, is_alone.then_some(side), backlog));
                    }
                }
                *at = parent;
                parent > HOT
            });
        }
        let mut walks = self.walks();
        for (earner, alone, backlog) in earners {
            let wanted = self.account(earner).pairs_now(backlog, terms);
            for side in [Side::Left, Side::Right] {
                if wanted > 0 && alone != Some(side) && !self.rung(earner).live.is_searched(side) {
                    walks.add(self, earner, side, wanted);
                }
            }
        }
        self.walk(walks);
    }
}
