//! Reference tree: every rule by plain scans.

use super::{MAX_OPENING_NODES, MAX_OPENING_PAIRS, MatchingTerms, SlotDecision, counts, day_number, positive};
use crate::domain::input::{Input, InputOutcome, PairMade, PlacedNode, TreeError};
use crate::domain::legs::Legs;
use crate::domain::node::{Node, NodeIndex, ROOT};
use domain::{Money, PlanHistory, Side, Timestamp, UserId};
use std::collections::{BTreeSet, VecDeque};

/// A node with what cannot be computed from other nodes and from pairs.
#[derive(Debug, Clone, Copy)]
struct Member {
    user: Option<UserId>,
    parent: Option<(NodeIndex, Side)>,
    children: Legs<Option<NodeIndex>>,
    matching_order: Option<u32>,
    net_paid: Money,
    is_active_buyer: bool,
    is_distributor: bool,
}

#[derive(Debug, Clone)]
struct Pair {
    made: PairMade,
    /// Day on which it took a slot; `None` when flushed.
    slot_day: Option<u32>,
    is_voided: bool,
}

/// The tree without any structure for speed. Each input takes time proportional to nodes times pairs, so it suits
/// histories of a few thousand members.
#[derive(Debug, Clone)]
pub struct ReferenceTree {
    /// By index; the company is the first.
    members: Vec<Member>,
    pairs: Vec<Pair>,
    plans: PlanHistory,
    seq: i64,
    time: Timestamp,
    /// While a period is being opened: the first node not visited yet.
    opening: Option<NodeIndex>,
}

impl ReferenceTree {
    /// An empty tree with these plan versions.
    pub fn with_plans(plans: PlanHistory) -> Self {
        let mut tree =
            Self { members: Vec::new(), pairs: Vec::new(), plans, seq: 0, time: Timestamp::UNIX_EPOCH, opening: None };
        tree.push(None, None, false);
        tree
    }

    /// Applies one input. A refused input changes nothing.
    pub fn apply(&mut self, happened_at: Timestamp, input: &Input) -> Result<InputOutcome, TreeError> {
        let mut next = self.clone();
        next.seq += 1;
        next.time = next.time.max(happened_at);
        let mut outcome =
            InputOutcome { seq: next.seq, at: next.time, placed: None, voided: Vec::new(), made: Vec::new() };
        next.handle(input, &mut outcome)?;
        outcome.made = next.pairs.iter().skip(self.pairs.len()).map(|pair| pair.made.clone()).collect();
        *self = next;
        Ok(outcome)
    }

    fn handle(&mut self, input: &Input, outcome: &mut InputOutcome) -> Result<(), TreeError> {
        match input {
            Input::Placed { user, sponsor, prefers, distributor, amount } => {
                let (sponsor, amount) = (self.load(*sponsor)?, positive(*amount)?);
                let (parent, side) = self.nearest_free_slot(sponsor, *prefers);
                let placed = self.place(*user, parent, side, *distributor)?;
                self.change_net_paid(placed.node, amount)?;
                outcome.placed = Some(placed);
            }
            Input::PlacedManually { user, parent, side, distributor, .. } => {
                outcome.placed = Some(self.place(*user, self.load(*parent)?, *side, *distributor)?);
            }
            Input::Paid { user, amount } => {
                outcome.voided = self.change_net_paid(self.load(Some(*user))?, positive(*amount)?)?;
            }
            Input::Refunded { user, amount } => {
                outcome.voided = self.change_net_paid(self.load(Some(*user))?, positive(*amount)?.neg()?)?;
            }
            Input::Labelled { user, distributor } => self.set_distributor(self.load(Some(*user))?, *distributor)?,
            Input::DayStarted => self.open_period(1)?,
            Input::PeriodOpened => self.opening.map_or(Ok(()), |first| self.open_period(first))?,
            Input::PlanPublished(version) => self.plans.publish(version.as_ref().clone())?,
            Input::PlanWithdrawn(version) => self.plans.withdraw(*version, self.time)?,
        }
        Ok(())
    }
}

/// Placement.
impl ReferenceTree {
    /// Searches in level order, from left to right.
    fn nearest_free_slot(&self, sponsor: NodeIndex, prefers: Option<Side>) -> (NodeIndex, Side) {
        let mut slots = match prefers {
            Some(side) => VecDeque::from([(sponsor, side)]),
            None => VecDeque::from([(sponsor, Side::Left), (sponsor, Side::Right)]),
        };
        while let Some((parent, side)) = slots.pop_front() {
            match self.member(parent).children.get(side) {
                Some(child) => slots.extend([(child, Side::Left), (child, Side::Right)]),
                None => return (parent, side),
            }
        }
        (sponsor, Side::Left)
    }

    fn place(
        &mut self,
        user: UserId,
        parent: NodeIndex,
        side: Side,
        is_distributor: bool,
    ) -> Result<PlacedNode, TreeError> {
        if self.load(Some(user)).is_ok() {
            return Err(TreeError::AlreadyPlaced(user));
        }
        if self.member(parent).children.get(side).is_some() {
            return Err(TreeError::SlotTaken);
        }
        let node = NodeIndex::try_from(self.members.len()).map_err(|_| TreeError::Full)?;
        self.push(Some(user), Some((parent, side)), is_distributor);
        self.member_mut(parent).children.set(side, Some(node));
        Ok(PlacedNode { node, parent, side, depth: self.depth(node) })
    }

    fn push(&mut self, user: Option<UserId>, parent: Option<(NodeIndex, Side)>, is_distributor: bool) {
        self.members.push(Member {
            user,
            parent,
            children: Legs::new(None, None),
            matching_order: None,
            net_paid: Money::ZERO,
            is_active_buyer: false,
            is_distributor,
        });
    }
}

/// Counting and voiding.
impl ReferenceTree {
    /// Adds to the net amount paid. Returns earner and number of the pairs that this voids.
    fn change_net_paid(&mut self, node: NodeIndex, change: Money) -> Result<Vec<(NodeIndex, u32)>, TreeError> {
        let net_paid = self.member(node).net_paid.add(change)?;
        let is_active_buyer = self.plans.in_force(self.time)?.plan.is_active_buyer(net_paid);
        let order = u32::try_from(self.seq).map_err(|_| TreeError::Full)?;
        let member = self.member_mut(node);
        (member.net_paid, member.is_active_buyer) = (net_paid, is_active_buyer);
        if counts(net_paid) == member.matching_order.is_some() {
            return Ok(Vec::new());
        }
        member.matching_order = counts(net_paid).then_some(order);
        let earners: Vec<NodeIndex> = self.upline(node).map(|(earner, _)| earner).collect();
        let voided = if counts(net_paid) { Vec::new() } else { self.void_pairs_of(node, &earners) };
        earners.into_iter().try_for_each(|earner| self.match_earner(earner))?;
        Ok(voided)
    }

    fn void_pairs_of(&mut self, member: NodeIndex, earners: &[NodeIndex]) -> Vec<(NodeIndex, u32)> {
        let mut voided = Vec::new();
        for earner in earners {
            for pair in self.pairs.iter_mut().filter(|pair| pair.made.earner == *earner && !pair.is_voided) {
                if pair.made.left == member || pair.made.right == member {
                    pair.is_voided = true;
                    voided.push((*earner, pair.made.number));
                }
            }
        }
        voided
    }
}

/// Matching.
impl ReferenceTree {
    fn set_distributor(&mut self, node: NodeIndex, is_distributor: bool) -> Result<(), TreeError> {
        let is_required = self.plans.in_force(self.time)?.plan.pairs.require_distributor;
        let before = std::mem::replace(&mut self.member_mut(node).is_distributor, is_distributor);
        if is_required && is_distributor && !before { self.match_earner(node) } else { Ok(()) }
    }

    fn open_period(&mut self, first: NodeIndex) -> Result<(), TreeError> {
        let pairs_before = self.pairs.len();
        self.opening = None;
        for (visited, earner) in self.indexes().skip_while(|node| *node < first).enumerate() {
            if visited >= MAX_OPENING_NODES || self.pairs.len() - pairs_before >= MAX_OPENING_PAIRS {
                self.opening = Some(earner);
                break;
            }
            self.match_earner(earner)?;
        }
        Ok(())
    }

    /// Makes every pair that the earner may have now.
    fn match_earner(&mut self, earner: NodeIndex) -> Result<(), TreeError> {
        let version = self.plans.in_force(self.time)?.clone();
        let terms = MatchingTerms::new(&version, day_number(self.time.day()));
        let Member { is_distributor, is_active_buyer, .. } = *self.member(earner);
        if !terms.may_earn(earner, is_distributor) {
            return Ok(());
        }
        while let (Some(left), Some(right)) =
            (self.oldest_unmatched(earner, Side::Left), self.oldest_unmatched(earner, Side::Right))
        {
            let slot = match terms.decide_slot(self.used_slots(earner, &terms)) {
                SlotDecision::Slot(slot) => Some(slot),
                SlotDecision::Flush => None,
                SlotDecision::Carry => return Ok(()),
            };
            let number = self.last_pair_number(earner) + 1;
            let made = PairMade {
                ordinal: self.pairs.last().map_or(1, |pair| pair.made.ordinal + 1),
                earner,
                number,
                left,
                right,
                period: terms.period(),
                slot,
                earner_active_buyer: is_active_buyer,
                plan_version: terms.version,
                pay: terms.pay(number, slot, is_active_buyer)?,
            };
            self.pairs.push(Pair { made, slot_day: slot.map(|_| terms.day), is_voided: false });
        }
        Ok(())
    }

    fn oldest_unmatched(&self, earner: NodeIndex, side: Side) -> Option<NodeIndex> {
        let outstanding = self.pairs_of(earner).filter(|pair| !pair.is_voided);
        let used: BTreeSet<NodeIndex> = outstanding.flat_map(|pair| [pair.made.left, pair.made.right]).collect();
        let unmatched = self.counting_in_leg(earner, side).into_iter().filter(|member| !used.contains(member));
        unmatched.min_by_key(|member| self.member(*member).matching_order)
    }

    /// Slots that the earner has used in the current period, those of voided pairs too.
    fn used_slots(&self, earner: NodeIndex, terms: &MatchingTerms<'_>) -> u32 {
        let days = self.pairs_of(earner).filter_map(|pair| pair.slot_day);
        days.filter(|day| terms.period_of(*day) == terms.period()).map(|_| 1).sum()
    }

    fn last_pair_number(&self, earner: NodeIndex) -> u32 {
        self.pairs_of(earner).map(|_| 1).sum()
    }

    /// All pairs of an earner, flushed and voided ones too.
    fn pairs_of(&self, earner: NodeIndex) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(move |pair| pair.made.earner == earner)
    }
}

/// Reads, by scans.
impl ReferenceTree {
    /// A node with its state; `None` for an index without a node.
    pub fn node(&self, index: NodeIndex) -> Option<Node> {
        let Member { user, parent, children, matching_order, net_paid, is_active_buyer, is_distributor } =
            *self.members.get(usize::try_from(index).ok()?)?;
        let count = |side| self.counting_in_leg(index, side).iter().map(|_| 1).sum();
        let leg_counts: Legs<u32> = Legs::new(count(Side::Left), count(Side::Right));
        let outstanding: u32 = self.pairs_of(index).filter(|pair| !pair.is_voided).map(|_| 1).sum();
        Some(Node {
            index,
            user,
            parent,
            children,
            depth: self.depth(index),
            leg_counts,
            matching_order,
            net_paid,
            is_active_buyer,
            is_distributor,
            last_pair_number: self.last_pair_number(index),
            unmatched: Legs::new(leg_counts.left() - outstanding, leg_counts.right() - outstanding),
        })
    }

    /// Indexes of all members, without the company.
    pub fn indexes(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        (1..).zip(1..self.members.len()).map(|(index, _)| index)
    }

    /// The node of a member; the company for `None`. Errors with `NotPlaced`.
    fn load(&self, user: Option<UserId>) -> Result<NodeIndex, TreeError> {
        let Some(user) = user else { return Ok(ROOT) };
        let mut found = self.indexes().filter(|node| self.member(*node).user == Some(user));
        found.next().ok_or(TreeError::NotPlaced(user))
    }

    fn counting_in_leg(&self, earner: NodeIndex, side: Side) -> Vec<NodeIndex> {
        let counting = self.indexes().filter(|node| self.member(*node).matching_order.is_some());
        counting.filter(|node| self.upline(*node).any(|above| above == (earner, side))).collect()
    }

    /// Every node above, nearest first, with its leg in which `node` is.
    fn upline(&self, node: NodeIndex) -> impl Iterator<Item = (NodeIndex, Side)> {
        std::iter::successors(self.member(node).parent, |(above, _)| self.member(*above).parent)
    }

    fn depth(&self, node: NodeIndex) -> u32 {
        self.upline(node).map(|_| 1).sum()
    }

    #[expect(clippy::indexing_slicing, reason = "only `push` creates node indexes")]
    fn member(&self, node: NodeIndex) -> &Member {
        &self.members[usize::try_from(node).unwrap_or(usize::MAX)]
    }
    #[expect(clippy::indexing_slicing, reason = "only `push` creates node indexes")]
    fn member_mut(&mut self, node: NodeIndex) -> &mut Member {
        &mut self.members[usize::try_from(node).unwrap_or(usize::MAX)]
    }
}
