//! The tree: applies one input at a time, with a clock that never moves backwards.

use super::engine::{Arena, NewMember, Slot};
use super::input::{Input, InputOutcome, TreeError};
use super::input_context::InputContext;
use super::node::{LimitUse, NO_NODE, Node, NodeIndex, ROOT};
use super::rules::{MatchingTerms, day_number, positive};
use super::voidable_pairs::VoidablePairs;
use domain::plan::LimitPer;
use domain::{Money, PlanError, PlanHistory, Timestamp, UserId};
use fnv::FnvHasher;
use serde::{Deserialize, Serialize};
use std::hash::Hasher;

/// State that an input may change, besides the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TreeHead {
    /// Sequence number of the last applied input; 0 before the first.
    pub(super) seq: i64,
    pub(super) time: Timestamp,
    /// Pairs made so far, over all earners.
    ordinal: i64,
    /// Start of the latest business day.
    day_started: Option<Timestamp>,
    /// While a period is being opened: the first node not visited yet.
    opening: Option<NodeIndex>,
}

/// Cached day of the tree's time: the next input is almost always of the same day.
#[derive(Debug, Clone, Copy)]
struct CurrentDay {
    from: Timestamp,
    until: Timestamp,
    number: u32,
}

impl CurrentDay {
    fn of(at: Timestamp) -> Self {
        let day = at.day();
        Self { from: day.starts_at(), until: day.next().starts_at(), number: day_number(day) }
    }
}

/// The tree, its plan versions and its position in the journal.
#[derive(Debug, Clone)]
pub struct Tree {
    pub(super) arena: Arena,
    pub(super) plans: PlanHistory,
    pub(super) head: TreeHead,
    current_day: CurrentDay,
    /// State to restore when the current batch does not commit.
    rollback_point: Option<(TreeHead, PlanHistory)>,
}

impl Default for Tree {
    fn default() -> Self {
        Self::with_plans(PlanHistory::seed())
    }
}

impl Tree {
    /// An empty tree with these plan versions.
    pub fn with_plans(plans: PlanHistory) -> Self {
        let time = Timestamp::UNIX_EPOCH;
        Self::from_parts(Arena::new(), plans, TreeHead { seq: 0, time, ordinal: 0, day_started: None, opening: None })
    }

    /// A tree without an open batch.
    pub(super) fn from_parts(arena: Arena, plans: PlanHistory, head: TreeHead) -> Self {
        Self { arena, plans, head, current_day: CurrentDay::of(head.time), rollback_point: None }
    }

    /// Published plan versions.
    pub fn plans(&self) -> &PlanHistory {
        &self.plans
    }
    /// Sequence number of the last applied journal entry; 0 before the first.
    pub const fn seq(&self) -> i64 {
        self.head.seq
    }
    /// The tree's time: that of the last applied input.
    pub const fn time(&self) -> Timestamp {
        self.head.time
    }
    /// Whether a period opening needs further inputs to finish.
    pub const fn is_opening(&self) -> bool {
        self.head.opening.is_some()
    }
    /// Whether the day that starts at `started_at` is later than every day applied so far.
    pub fn is_new_day(&self, started_at: Timestamp) -> bool {
        self.head.day_started.is_none_or(|d| d < started_at)
    }
    /// The node of a member; `None` when the member is not placed.
    pub fn find(&self, user: UserId) -> Option<NodeIndex> {
        self.arena.find(user)
    }
    /// A node with its state; `None` for an index without a node.
    pub fn node(&self, index: NodeIndex) -> Option<Node> {
        self.arena.node(index)
    }
    /// All members in the order of placement, without the company.
    pub fn members(&self) -> impl ExactSizeIterator<Item = Node> {
        self.arena.members()
    }
    /// Whether `node` is `ancestor` or below it.
    pub fn is_within(&self, node: NodeIndex, ancestor: NodeIndex) -> bool {
        let upline = std::iter::successors(Some(node), |at| Some(self.node(*at)?.parent?.0));
        // An ancestor is placed before its descendants, so below its index the search is over.
        upline.take_while(|at| *at >= ancestor).any(|at| at == ancestor)
    }
    /// How much of the pair limit the earner has used in the period of `now`, under the plan in force then. Errors with
    /// `NoneInForce`.
    pub fn limit_use(&self, earner: NodeIndex, now: Timestamp) -> Result<LimitUse, PlanError> {
        // The tree may be a little ahead of the clock, and the next input is not earlier than the tree's time.
        let day = now.max(self.head.time).day();
        let version = self.plans.in_force(now.max(self.head.time))?;
        let (limit, per) = (version.plan.pairs.limit, version.plan.pairs.limit_per);
        let used = self.arena.used_slots(earner, &MatchingTerms::new(version, day_number(day)));
        let resets_at = match per {
            LimitPer::Day => day.next().starts_at(),
            LimitPer::Month => day.month().next().starts_at(),
        };
        Ok(LimitUse { used, of: limit, per, resets_at })
    }
    /// Memory in use by nodes and index, in bytes.
    pub fn bytes(&self) -> usize {
        self.arena.bytes()
    }

    /// Starts a batch that can be rolled back.
    pub fn begin(&mut self) {
        self.rollback_point = Some((self.head, self.plans.clone()));
        self.arena.begin();
    }
    /// Makes the changes since [`Tree::begin`] permanent.
    pub fn commit(&mut self) {
        self.rollback_point = None;
        self.arena.commit();
    }
    /// Whether a batch is neither committed nor rolled back.
    pub const fn has_open_batch(&self) -> bool {
        self.rollback_point.is_some()
    }
    /// Restores the state before [`Tree::begin`]; does nothing without an open batch.
    pub fn rollback(&mut self) {
        if let Some((head, plans)) = self.rollback_point.take() {
            self.arena.rollback();
            self.head = head;
            self.plans = plans;
        }
    }

    /// Loads the nodes that these inputs will read into the processor cache. Changes no state; at ten million members
    /// it more than halves the cost of applying them.
    pub fn prefetch<'a>(&mut self, inputs: impl Iterator<Item = &'a Input> + Clone) {
        if let Ok(version) = self.plans.in_force(self.head.time) {
            self.arena.prefetch(inputs, &MatchingTerms::new(version, self.current_day.number));
        }
    }

    /// Applies one input. After an error the tree may be partly changed: the caller must roll the batch back.
    pub fn apply(
        &mut self,
        happened_at: Timestamp,
        input: &Input,
        voidable_pairs: &mut VoidablePairs,
    ) -> Result<InputOutcome, TreeError> {
        let seq = self.head.seq + 1;
        let order = u32::try_from(seq).map_err(|_| TreeError::Full)?;
        let at = self.head.time.max(happened_at);
        if !(self.current_day.from <= at && at < self.current_day.until) {
            self.current_day = CurrentDay::of(at);
        }
        self.head.seq = seq;
        self.head.time = at;
        let mut outcome = InputOutcome { seq, at, placed: None, voided: Vec::new(), made: Vec::new() };
        if let Input::PlanPublished(version) = input {
            self.plans.publish(version.as_ref().clone())?;
            return Ok(outcome);
        }
        if let Input::PlanWithdrawn(version) = input {
            self.plans.withdraw(*version, at)?;
            return Ok(outcome);
        }
        let version = self.plans.in_force(at)?;
        let terms = MatchingTerms::new(version, self.current_day.number);
        let last_ordinal = self.head.ordinal;
        let mut context = InputContext { order, terms, voidable_pairs, made: Vec::new(), last_ordinal };
        handle(&mut self.arena, &mut self.head, happened_at, input, &mut context, &mut outcome)?;
        self.head.ordinal = context.last_ordinal;
        outcome.made = context.made;
        Ok(outcome)
    }

    /// Digest of the whole state: equal for equal journals.
    pub fn digest(&self) -> u64 {
        let mut hash = FnvHasher::default();
        hash.write(&self.head.seq.to_be_bytes());
        hash.write(&self.head.time.micros().to_be_bytes());
        hash.write(&self.head.ordinal.to_be_bytes());
        hash.write(&self.head.opening.unwrap_or(NO_NODE).to_be_bytes());
        self.arena.digest(&mut hash);
        hash.finish()
    }
}

/// Applies an input to the arena, and adds its placement and the voided pairs to the outcome.
fn handle(
    arena: &mut Arena,
    head: &mut TreeHead,
    happened_at: Timestamp,
    input: &Input,
    context: &mut InputContext<'_>,
    outcome: &mut InputOutcome,
) -> Result<(), TreeError> {
    match input {
        Input::Placed { user, sponsor, prefers, distributor, amount } => {
            let slot = Slot::NearestFree { below: load(arena, *sponsor)?, prefers: *prefers };
            let member = NewMember { id: *user, distributor: *distributor, net_paid: positive(*amount)? };
            outcome.placed = Some(arena.place(&member, slot, context)?);
        }
        Input::PlacedManually { user, parent, side, distributor, .. } => {
            let slot = Slot::Given { parent: load(arena, *parent)?, side: *side };
            let member = NewMember { id: *user, distributor: *distributor, net_paid: Money::ZERO };
            outcome.placed = Some(arena.place(&member, slot, context)?);
        }
        Input::Paid { user, amount } => {
            let node = load(arena, Some(*user))?;
            outcome.voided = arena.change_net_paid(node, positive(*amount)?, context)?;
        }
        Input::Refunded { user, amount } => {
            let node = load(arena, Some(*user))?;
            outcome.voided = arena.change_net_paid(node, positive(*amount)?.neg()?, context)?;
        }
        Input::Labelled { user, distributor } => {
            arena.set_distributor(load(arena, Some(*user))?, *distributor, context)?;
        }
        Input::DayStarted => {
            head.day_started = head.day_started.max(Some(happened_at));
            head.opening = arena.open_period(1, context)?;
        }
        Input::PeriodOpened => {
            if let Some(first) = head.opening {
                head.opening = arena.open_period(first, context)?;
            }
        }
        Input::PlanPublished(_) | Input::PlanWithdrawn(_) => {}
    }
    Ok(())
}

/// The node of a member; the company for `None`. Errors with `NotPlaced`.
fn load(arena: &Arena, user: Option<UserId>) -> Result<NodeIndex, TreeError> {
    user.map_or(Ok(ROOT), |user| arena.find(user).ok_or(TreeError::NotPlaced(user)))
}
