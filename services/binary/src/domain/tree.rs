//! The tree: one input at a time, in time that never runs backwards.

use super::arena::Arena;
use super::digest::Digest;
use super::in_play::InPlay;
use super::input::{Input, Outcome, Placed, TreeError};
use super::matching::{Made, Terms};
use super::node::{Ix, NONE, ROOT};
use super::undo::Note;
use chrono::Datelike;
use domain::{Money, PlanBook, Side, Timestamp, UserId};

/// Nodes looked at and pairs made by one step of opening a period. A bigger opening takes more inputs.
const OPENING_NODES: usize = 1_000_000;
const OPENING_PAIRS: usize = if cfg!(test) { 2 } else { 2_000 };

/// What an input may change besides the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    /// Of the input applied last; 0 before the first.
    seq: i64,
    time: Timestamp,
    /// Pairs made so far, by anybody.
    ordinal: u64,
    /// The day that began last.
    day_started: Option<Timestamp>,
    /// While a period is being opened: the first node not looked at yet.
    opening: Option<Ix>,
}

/// The day of an instant, kept because the next input is almost always of the same day.
#[derive(Debug, Clone, Copy)]
struct Today {
    from: Timestamp,
    until: Timestamp,
    number: u32,
}

impl Today {
    fn of(at: Timestamp) -> Self {
        let day = at.day();
        let number = day.month().number() * 100 + day.date().day();
        Self { from: day.starts_at(), until: day.next().starts_at(), number }
    }
}

#[derive(Debug, Clone)]
pub struct Tree {
    arena: Arena,
    book: PlanBook,
    head: Head,
    today: Today,
    /// What to go back to if the batch at hand does not commit.
    before: Option<(Head, PlanBook)>,
}

impl Default for Tree {
    fn default() -> Self {
        Self::under(PlanBook::seed())
    }
}

impl Tree {
    /// An empty tree that knows these versions of the plan from the start.
    pub fn under(book: PlanBook) -> Self {
        let time = Timestamp::UNIX_EPOCH;
        Self {
            arena: Arena::default(),
            book,
            head: Head { seq: 0, time, ordinal: 0, day_started: None, opening: None },
            today: Today::of(time),
            before: None,
        }
    }

    pub fn arena(&self) -> &Arena {
        &self.arena
    }
    pub fn book(&self) -> &PlanBook {
        &self.book
    }
    pub const fn seq(&self) -> i64 {
        self.head.seq
    }
    pub const fn time(&self) -> Timestamp {
        self.head.time
    }
    /// Whether a period is being opened and more inputs are needed to finish.
    pub const fn is_opening(&self) -> bool {
        self.head.opening.is_some()
    }
    /// Whether the day that begins at `started_at` is new to the tree.
    pub fn is_new_day(&self, started_at: Timestamp) -> bool {
        self.head.day_started.is_none_or(|d| d < started_at)
    }
    pub fn find(&self, user: UserId) -> Option<Ix> {
        self.arena.find(user)
    }

    /// Starts a batch that may still be taken back.
    pub fn begin(&mut self) {
        self.before = Some((self.head, self.book.clone()));
        self.arena.begin();
    }
    /// The batch is committed.
    pub fn keep(&mut self) {
        self.before = None;
        self.arena.keep();
    }
    /// Whether there is a batch of which it is not known yet whether it committed.
    pub const fn is_undecided(&self) -> bool {
        self.before.is_some()
    }
    /// The batch did not commit, or nobody knows: back to what was before it.
    pub fn take_back(&mut self) {
        if let Some((head, book)) = self.before.take() {
            self.arena.take_back();
            self.head = head;
            self.book = book;
        }
    }

    /// Has at hand what inputs that come next will touch. It changes nothing; at ten million members it more than
    /// halves what they cost.
    pub fn expect<'a>(&mut self, inputs: impl Iterator<Item = &'a Input> + Clone) {
        if let Ok(version) = self.book.in_force(self.head.time) {
            let terms = Terms { plan: &version.plan, version: version.version, day: self.today.number };
            self.arena.warm(inputs, &terms);
        }
    }

    /// Applies one input. After an error the tree may be half changed: the batch has to be taken back.
    pub fn apply(&mut self, happened_at: Timestamp, input: &Input, in_play: &mut InPlay) -> Result<Outcome, TreeError> {
        let seq = self.head.seq + 1;
        let order = u32::try_from(seq).map_err(|_| TreeError::Full)?;
        let at = self.head.time.max(happened_at);
        if !(self.today.from <= at && at < self.today.until) {
            self.today = Today::of(at);
        }
        self.head.seq = seq;
        self.head.time = at;
        if let Input::PlanPublished(version) = input {
            self.book.publish(version.as_ref().clone())?;
            return Ok(Outcome { seq, at, placed: None, voided: Vec::new(), made: Vec::new() });
        }
        let version = self.book.in_force(at)?;
        let terms = Terms { plan: &version.plan, version: version.version, day: self.today.number };
        let mut made = Made { pairs: Vec::new(), last_ordinal: self.head.ordinal, in_play };
        let mut step = Step { arena: &mut self.arena, head: &mut self.head, order, terms, made: &mut made };
        let (placed, voided) = step.take(happened_at, input)?;
        self.head.ordinal = made.last_ordinal;
        Ok(Outcome { seq, at, placed, voided, made: made.pairs })
    }

    /// Where a member with this sponsor would be placed now.
    pub fn vacancy(&self, sponsor: Option<UserId>, prefers: Option<Side>) -> Option<(Ix, Side)> {
        let from = match sponsor {
            None => ROOT,
            Some(user) => self.find(user)?,
        };
        Some(self.arena.vacancy(from, prefers))
    }

    /// A digest of the whole state: equal for equal journals.
    pub fn digest(&self) -> u64 {
        let mut hash = Digest::default();
        hash.write(&self.head.seq.to_be_bytes());
        hash.write(&self.head.time.micros().to_be_bytes());
        hash.write(&self.head.ordinal.to_be_bytes());
        hash.write(&self.head.opening.unwrap_or(NONE).to_be_bytes());
        self.arena.digest(&mut hash);
        hash.finish()
    }
}

type Effect = (Option<Placed>, Vec<(Ix, u32)>);

struct Step<'a, 'b, 'c> {
    arena: &'a mut Arena,
    head: &'a mut Head,
    order: u32,
    terms: Terms<'a>,
    made: &'c mut Made<'b>,
}

impl Step<'_, '_, '_> {
    fn take(&mut self, happened_at: Timestamp, input: &Input) -> Result<Effect, TreeError> {
        match input {
            Input::Placed { user, sponsor, prefers, distributor, amount } => {
                let from = self.sponsor(*sponsor)?;
                let (parent, side) = self.arena.vacancy(from, *prefers);
                if !amount.is_positive() {
                    return Err(TreeError::BadAmount);
                }
                let placed = self.place(*user, parent, side, *distributor)?;
                self.arena.found_vacancy(from, *prefers, parent);
                // Taking the node back takes this back with it.
                self.arena.account_mut(placed.node).net_paid = *amount;
                self.arena.set_active_buyer(placed.node, self.terms.plan.is_active_buyer(*amount));
                self.arena.count_in(placed.node, self.order, &self.terms, self.made)?;
                Ok((Some(placed), Vec::new()))
            }
            Input::PlacedManually { user, parent, side, distributor, .. } => {
                let parent = self.sponsor(*parent)?;
                let placed = self.place(*user, parent, *side, *distributor)?;
                self.arena.join_uncounted(placed.node);
                Ok((Some(placed), Vec::new()))
            }
            Input::Paid { user, amount } => {
                let node = self.node(*user)?;
                self.paid(node, *amount)?;
                Ok((None, Vec::new()))
            }
            Input::Refunded { user, amount } => {
                let node = self.node(*user)?;
                Ok((None, self.refunded(node, *amount)?))
            }
            Input::Labelled { user, distributor } => {
                let node = self.node(*user)?;
                self.label(node, *distributor)?;
                Ok((None, Vec::new()))
            }
            Input::DayStarted => {
                self.head.day_started = self.head.day_started.max(Some(happened_at));
                self.open(1)?;
                Ok((None, Vec::new()))
            }
            Input::PeriodOpened => {
                if let Some(from) = self.head.opening {
                    self.open(from)?;
                }
                Ok((None, Vec::new()))
            }
            Input::PlanPublished(_) => Ok((None, Vec::new())),
        }
    }

    fn node(&self, user: UserId) -> Result<Ix, TreeError> {
        self.arena.find(user).ok_or(TreeError::NotPlaced(user))
    }
    fn sponsor(&self, user: Option<UserId>) -> Result<Ix, TreeError> {
        user.map_or(Ok(ROOT), |u| self.node(u))
    }

    fn place(&mut self, user: UserId, parent: Ix, side: Side, distributor: bool) -> Result<Placed, TreeError> {
        let placed = self.arena.place(user, parent, side, self.order)?;
        // Taking the node back takes the label back with it.
        self.arena.set_label(placed.node, distributor);
        Ok(placed)
    }

    fn label(&mut self, node: Ix, distributor: bool) -> Result<(), TreeError> {
        let before = self.arena.is_distributor(node);
        self.arena.note(Note::Labelled(node, before));
        self.arena.set_label(node, distributor);
        if distributor && !before && self.terms.plan.pairs.require_distributor {
            self.arena.match_pairs(node, None, &self.terms, self.made)?;
        }
        Ok(())
    }

    fn paid(&mut self, node: Ix, amount: Money) -> Result<(), TreeError> {
        let after = self.set_net_paid(node, amount, Money::add)?;
        if after.is_positive() && !self.arena.is_counting(node) {
            self.arena.note(Note::Counted(node, 0));
            self.arena.count_in(node, self.order, &self.terms, self.made)?;
        }
        Ok(())
    }

    fn refunded(&mut self, node: Ix, amount: Money) -> Result<Vec<(Ix, u32)>, TreeError> {
        let after = self.set_net_paid(node, amount, Money::sub)?;
        if after.is_positive() || !self.arena.is_counting(node) {
            return Ok(Vec::new());
        }
        self.arena.count_out(node, &self.terms, self.made)
    }

    fn set_net_paid(
        &mut self,
        node: Ix,
        amount: Money,
        change: fn(Money, Money) -> Result<Money, domain::MoneyError>,
    ) -> Result<Money, TreeError> {
        if !amount.is_positive() {
            return Err(TreeError::BadAmount);
        }
        let before = self.arena.net_paid(node);
        let after = change(before, amount)?;
        self.arena.note_earner(node);
        self.arena.account_mut(node).net_paid = after;
        self.arena.note(Note::Active(node, self.arena.is_active_buyer(node)));
        self.arena.set_active_buyer(node, self.terms.plan.is_active_buyer(after));
        Ok(after)
    }

    /// Matches the earners with a backlog, in the order of their placement, from `first` on.
    fn open(&mut self, first: Ix) -> Result<(), TreeError> {
        let (mut node, mut looked_at) = (first, 0);
        self.head.opening = None;
        while self.arena.contains(node) {
            if looked_at >= OPENING_NODES || self.made.pairs.len() >= OPENING_PAIRS {
                self.head.opening = Some(node);
                return Ok(());
            }
            if self.arena.backlog(node) > 0 {
                self.arena.match_pairs(node, None, &self.terms, self.made)?;
            }
            node += 1;
            looked_at += 1;
        }
        Ok(())
    }
}
