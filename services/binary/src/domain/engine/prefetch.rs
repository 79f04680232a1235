//! Memory prefetching for the inputs that are applied next.
//!
//! At ten million members nearly every step of a traversal is a cache miss that depends on the step before. Traversals
//! for different inputs are independent: running them in lockstep overlaps their cache misses. Each step loads the
//! nodes of all traversals before any branch depends on one, because a mispredicted branch would delay the next load.
//! Applying the inputs then finds the nodes in the processor cache and the members to match in the cache of
//! [`super::leg_search`].

use super::Arena;
use crate::domain::input::Input;
use crate::domain::node::{NO_NODE, NodeIndex};
use crate::domain::rules::MatchingTerms;
use domain::Side;
use std::hint::black_box;

/// Nodes that are in the processor cache anyway, because nearly every traversal visits them: those placed first.
const CACHED_NODES: NodeIndex = if cfg!(test) { 0 } else { 8_192 };

impl Arena {
    /// Loads the nodes that these inputs will read, and runs the leg searches that matching will need.
    pub(super) fn prefetch_inputs<'a>(
        &mut self,
        inputs: impl Iterator<Item = &'a Input> + Clone,
        terms: &MatchingTerms<'_>,
    ) {
        let ids = inputs.clone().flat_map(|input| [input.user(), input.sponsor()]);
        self.index.prefetch_buckets(ids.flatten());
        let mut members = Vec::new();
        let mut sponsors = Vec::new();
        for input in inputs {
            match input {
                // A new member has no node yet.
                Input::Placed { sponsor: from, .. } | Input::PlacedManually { parent: from, .. } => {
                    sponsors.extend(from.and_then(|id| self.find_unchecked(id)));
                }
                Input::Paid { user, .. } | Input::Refunded { user, .. } | Input::Labelled { user, .. } => {
                    members.extend(self.find_unchecked(*user));
                }
                Input::DayStarted | Input::PeriodOpened | Input::PlanPublished(_) | Input::PlanWithdrawn(_) => {}
            }
        }
        for node in members {
            black_box(self.identity(node).id);
            black_box(self.earner_state(node).net_paid);
        }
        for node in &sponsors {
            black_box(self.identity(*node).id);
        }
        let parents = self.prefetch_down(sponsors);
        self.prefetch_up(parents, terms);
    }

    /// Traverses from the sponsors to their free slots; returns the parents of those slots.
    fn prefetch_down(&self, mut nodes: Vec<NodeIndex>) -> Vec<NodeIndex> {
        let mut found = Vec::with_capacity(nodes.len());
        while !nodes.is_empty() {
            for at in &nodes {
                black_box(self.downward(*at).free_slot_distance);
            }
            nodes.retain_mut(|at| match self.step_towards_free_slot(*at) {
                (_, NO_NODE) => {
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
            // The placement reads the depth of the parent and the slot distance of the grandparent.
            black_box(self.identity(*at).depth);
            black_box(self.parent(*at).map(|(parent, _)| self.downward(parent).free_slot_distance));
        }
        found
    }

    /// Traverses from the parents to the company, and searches the members whom the earners on the way will match.
    fn prefetch_up(&mut self, mut nodes: Vec<NodeIndex>, terms: &MatchingTerms<'_>) {
        let mut earners = Vec::with_capacity(2 * nodes.len());
        while !nodes.is_empty() {
            for at in &nodes {
                black_box(self.parent(*at).map(|(parent, _)| self.upward(parent).count));
            }
            nodes.retain_mut(|at| {
                let Some((parent, side)) = self.parent(*at) else { return false };
                let upward = self.upward(parent);
                if !upward.pair_counter.is_at_limit() {
                    let mut count = upward.count;
                    count.increment(side);
                    let backlog = count.smaller().saturating_sub(upward.pair_counter.outstanding());
                    if backlog > 0 {
                        // A new member who is the only unmatched one is claimed without a search.
                        let is_alone = count.get(side) == upward.pair_counter.outstanding() + 1;
                        earners.push((parent, is_alone.then_some(side), backlog));
                    }
                }
                *at = parent;
                parent > CACHED_NODES
            });
        }
        let mut searches = self.new_leg_searches();
        for (earner, alone, backlog) in earners {
            let wanted = self.earner_state(earner).allowed_pairs(backlog, terms);
            for side in [Side::Left, Side::Right] {
                if wanted > 0 && alone != Some(side) && !self.upward(earner).pair_counter.has_frontier(side) {
                    searches.add(self, earner, side, wanted);
                }
            }
        }
        self.run_leg_searches(searches);
    }
}
