//! The tree: applies one input at a time, with a clock that never moves backwards.

use super::digest::Digest;
use super::engine::{Arena, NewMember};
use super::input::{Input, InputOutcome, PlacedNode, TreeError};
use super::matching_terms::MatchingTerms;
use super::node_index::{NO_NODE, NodeIndex, ROOT};
use super::pairs_made::PairsMade;
use super::voidable_pairs::VoidablePairs;
use chrono::Datelike;
use domain::{Money, PlanHistory, Side, Timestamp, UserId};

/// Nodes visited and pairs made by one input of a period opening. A larger opening takes further inputs.
const MAX_OPENING_NODES: usize = 1_000_000;
const MAX_OPENING_PAIRS: usize = if cfg!(test) { 2 } else { 2_000 };

/// State that an input may change, besides the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TreeHead {
    /// Sequence number of the last applied input; 0 before the first.
    seq: i64,
    time: Timestamp,
    /// Pairs made so far, over all earners.
    ordinal: u64,
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
        let number = day.month().number() * 100 + day.date().day();
        Self { from: day.starts_at(), until: day.next().starts_at(), number }
    }
}

/// The tree, its plan versions and its position in the journal.
#[derive(Debug, Clone)]
pub struct Tree {
    arena: Arena,
    plans: PlanHistory,
    head: TreeHead,
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
        Self {
            arena: Arena::default(),
            plans,
            head: TreeHead { seq: 0, time, ordinal: 0, day_started: None, opening: None },
            current_day: CurrentDay::of(time),
            rollback_point: None,
        }
    }

    /// Nodes and leg counts.
    pub fn arena(&self) -> &Arena {
        &self.arena
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
            let terms = MatchingTerms { plan: &version.plan, version: version.version, day: self.current_day.number };
            self.arena.prefetch(inputs, &terms);
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
        if let Input::PlanPublished(version) = input {
            self.plans.publish(version.as_ref().clone())?;
            return Ok(InputOutcome { seq, at, placed: None, voided: Vec::new(), made: Vec::new() });
        }
        let version = self.plans.in_force(at)?;
        let terms = MatchingTerms { plan: &version.plan, version: version.version, day: self.current_day.number };
        let mut made = PairsMade { pairs: Vec::new(), last_ordinal: self.head.ordinal, voidable_pairs };
        let mut handler = InputHandler { arena: &mut self.arena, head: &mut self.head, order, terms, made: &mut made };
        let (placed, voided) = handler.handle(happened_at, input)?;
        self.head.ordinal = made.last_ordinal;
        Ok(InputOutcome { seq, at, placed, voided, made: made.pairs })
    }

    /// Parent and side at which a member with this sponsor would be placed now; `None` when the sponsor is not placed.
    pub fn find_vacancy(&self, sponsor: Option<UserId>, prefers: Option<Side>) -> Option<(NodeIndex, Side)> {
        let from = match sponsor {
            None => ROOT,
            Some(user) => self.find(user)?,
        };
        Some(self.arena.find_vacancy(from, prefers))
    }

    /// Digest of the whole state: equal for equal journals.
    pub fn digest(&self) -> u64 {
        let mut hash = Digest::default();
        hash.write(&self.head.seq.to_be_bytes());
        hash.write(&self.head.time.micros().to_be_bytes());
        hash.write(&self.head.ordinal.to_be_bytes());
        hash.write(&self.head.opening.unwrap_or(NO_NODE).to_be_bytes());
        self.arena.digest(&mut hash);
        hash.finish()
    }
}

/// The placed node, and earner and number of every voided pair.
type PlacedAndVoided = (Option<PlacedNode>, Vec<(NodeIndex, u32)>);

/// Application of one input.
struct InputHandler<'a, 'b, 'c> {
    arena: &'a mut Arena,
    head: &'a mut TreeHead,
    order: u32,
    terms: MatchingTerms<'a>,
    made: &'c mut PairsMade<'b>,
}

impl InputHandler<'_, '_, '_> {
    fn handle(&mut self, happened_at: Timestamp, input: &Input) -> Result<PlacedAndVoided, TreeError> {
        match input {
            Input::Placed { user, sponsor, prefers, distributor, amount } => {
                let from = self.sponsor_node(*sponsor)?;
                if !amount.is_positive() {
                    return Err(TreeError::BadAmount);
                }
                let member = NewMember {
                    id: *user,
                    placement_order: self.order,
                    distributor: *distributor,
                    net_paid: *amount,
                    is_active_buyer: self.terms.plan.is_active_buyer(*amount),
                };
                let placed = self.arena.place_in_level_order(&member, from, *prefers, &self.terms, self.made)?;
                Ok((Some(placed), Vec::new()))
            }
            Input::PlacedManually { user, parent, side, distributor, .. } => {
                let parent = self.sponsor_node(*parent)?;
                let member = NewMember {
                    id: *user,
                    placement_order: self.order,
                    distributor: *distributor,
                    net_paid: Money::ZERO,
                    is_active_buyer: false,
                };
                Ok((Some(self.arena.place_manually(&member, parent, *side)?), Vec::new()))
            }
            Input::Paid { user, amount } => {
                let node = self.load_node(*user)?;
                self.apply_payment(node, *amount)?;
                Ok((None, Vec::new()))
            }
            Input::Refunded { user, amount } => {
                let node = self.load_node(*user)?;
                Ok((None, self.apply_refund(node, *amount)?))
            }
            Input::Labelled { user, distributor } => {
                let node = self.load_node(*user)?;
                self.set_distributor(node, *distributor)?;
                Ok((None, Vec::new()))
            }
            Input::DayStarted => {
                self.head.day_started = self.head.day_started.max(Some(happened_at));
                self.open_period(1)?;
                Ok((None, Vec::new()))
            }
            Input::PeriodOpened => {
                if let Some(from) = self.head.opening {
                    self.open_period(from)?;
                }
                Ok((None, Vec::new()))
            }
            Input::PlanPublished(_) => Ok((None, Vec::new())),
        }
    }

    fn load_node(&self, user: UserId) -> Result<NodeIndex, TreeError> {
        self.arena.find(user).ok_or(TreeError::NotPlaced(user))
    }
    fn sponsor_node(&self, user: Option<UserId>) -> Result<NodeIndex, TreeError> {
        user.map_or(Ok(ROOT), |u| self.load_node(u))
    }

    fn set_distributor(&mut self, node: NodeIndex, distributor: bool) -> Result<(), TreeError> {
        let before = self.arena.is_distributor(node);
        self.arena.set_distributor(node, distributor);
        if distributor && !before && self.terms.plan.pairs.require_distributor {
            self.arena.match_pairs(node, &self.terms, self.made)?;
        }
        Ok(())
    }

    fn apply_payment(&mut self, node: NodeIndex, amount: Money) -> Result<(), TreeError> {
        let after = self.set_net_paid(node, amount, Money::add)?;
        if after.is_positive() && !self.arena.is_counting(node) {
            self.arena.start_counting(node, self.order, &self.terms, self.made)?;
        }
        Ok(())
    }

    fn apply_refund(&mut self, node: NodeIndex, amount: Money) -> Result<Vec<(NodeIndex, u32)>, TreeError> {
        let after = self.set_net_paid(node, amount, Money::sub)?;
        if after.is_positive() || !self.arena.is_counting(node) {
            return Ok(Vec::new());
        }
        self.arena.stop_counting(node, &self.terms, self.made)
    }

    fn set_net_paid(
        &mut self,
        node: NodeIndex,
        amount: Money,
        change: fn(Money, Money) -> Result<Money, domain::MoneyError>,
    ) -> Result<Money, TreeError> {
        if !amount.is_positive() {
            return Err(TreeError::BadAmount);
        }
        let before = self.arena.net_paid(node);
        let after = change(before, amount)?;
        self.arena.set_net_paid(node, after, self.terms.plan.is_active_buyer(after));
        Ok(after)
    }

    /// Matches the earners with a backlog in the order of their placement, starting at `first`.
    fn open_period(&mut self, first: NodeIndex) -> Result<(), TreeError> {
        let (mut node, mut visited) = (first, 0);
        self.head.opening = None;
        while self.arena.contains(node) {
            if visited >= MAX_OPENING_NODES || self.made.pairs.len() >= MAX_OPENING_PAIRS {
                self.head.opening = Some(node);
                return Ok(());
            }
            if self.arena.backlog(node) > 0 {
                self.arena.match_pairs(node, &self.terms, self.made)?;
            }
            node += 1;
            visited += 1;
        }
        Ok(())
    }
}
