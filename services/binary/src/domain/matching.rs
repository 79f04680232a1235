//! Pairs: one counting member of each leg, each used once by an earner, oldest in the matching order first.

use super::arena::Arena;
use super::in_play::InPlay;
use super::input::{PairMade, TreeError};
use super::legs::Legs;
use super::node::{Ix, RETURNED, ROOT};
use super::undo::Note;
use domain::plan::{LimitPer, OverLimit, PairPay, Plan};
use domain::{Money, Side};

/// What an input's time decides: the plan in force and the periods.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub plan: &'a Plan,
    pub version: u32,
    /// `YYYYMMDD`, in India.
    pub day: u32,
}

impl Terms<'_> {
    const fn used(&self, day_slots: u32, month_slots: u32) -> u32 {
        match self.plan.pairs.limit_per {
            LimitPer::Day => day_slots,
            LimitPer::Month => month_slots,
        }
    }
    /// How many pairs can be made after so many of the period, of so many that could be made without a limit.
    fn pairs_now(&self, backlog: u32, used: u32) -> u32 {
        match self.plan.pairs.over_limit {
            OverLimit::Carry => backlog.min(self.plan.pairs.limit.saturating_sub(used)),
            OverLimit::Flush => backlog,
        }
    }
    const fn month(&self) -> u32 {
        self.day / 100
    }
    const fn period(&self) -> u32 {
        match self.plan.pairs.limit_per {
            LimitPer::Day => self.day,
            LimitPer::Month => self.month(),
        }
    }
}

/// What a member has paid, and what pairing changes in an earner: 32 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    pub net_paid: Money,
    /// Of the pair made last.
    pub number: u32,
    /// The day (`YYYYMMDD`) on which a slot was taken last, and the slots taken on it and in its month.
    pub day: u32,
    pub day_slots: u32,
    pub month_slots: u32,
    /// Everybody in the leg up to this place in the matching order has been matched once.
    pub taken: Legs<u32>,
}

impl Account {
    /// How many pairs the earner may make now, of so many that could be made if nothing limited them.
    pub(super) fn pairs_now(&self, backlog: u32, terms: &Terms<'_>) -> u32 {
        let (day_slots, month_slots) = self.slots(terms);
        terms.pairs_now(backlog, terms.used(day_slots, month_slots))
    }
    /// The slots used in the day and the month of `terms`.
    const fn slots(&self, terms: &Terms<'_>) -> (u32, u32) {
        let day = if self.day == terms.day { self.day_slots } else { 0 };
        let month = if self.day / 100 == terms.month() { self.month_slots } else { 0 };
        (day, month)
    }
}

/// Pairs made by one input, numbered on from what was made before.
pub struct Made<'a> {
    pub pairs: Vec<PairMade>,
    pub last_ordinal: u64,
    pub in_play: &'a mut InPlay,
}

impl Arena {
    /// Makes a member count from place `order` on: every leg above grows by one, and every earner above is
    /// tried for a pair, the nearest first.
    pub(super) fn count_in(
        &mut self,
        node: Ix,
        order: u32,
        terms: &Terms<'_>,
        made: &mut Made<'_>,
    ) -> Result<(), TreeError> {
        self.set_counted(node, order);
        self.begin_spell(terms.version, terms.period());
        let mut above = self.count_up(node);
        while let Some((at, side)) = above {
            let rung = *self.rung(at);
            if rung.live.is_searched(side) {
                self.join_frontier(at, side, node);
            }
            if rung.count.smaller() > rung.live.pairs() && !rung.live.is_full() {
                self.match_pairs(at, Some((side, node)), terms, made)?;
            }
            above = self.count_up(at);
        }
        Ok(())
    }

    /// Adds one to every leg above, up to and including the first earner who needs more than that.
    fn count_up(&mut self, node: Ix) -> Option<(Ix, Side)> {
        let mut up = self.rung(node).up;
        while let Some((at, side)) = up.step() {
            let rung = self.rung_mut(at);
            rung.count.increment(side);
            if !rung.live.is_content(rung.count.smaller()) {
                return Some((at, side));
            }
            up = rung.up;
        }
        None
    }

    /// A new node that does not count yet: kept searches must still find what will be placed below it.
    pub(super) fn join_uncounted(&mut self, node: Ix) {
        let mut up = self.up(node);
        while let Some((at, side)) = up {
            self.join_frontier(at, side, node);
            up = self.up(at);
        }
    }

    /// Ends a member's counting: every leg above shrinks by one, pairs that used the member are voided, their
    /// partners come back to their place in the matching order, and every earner above is tried again.
    pub(super) fn count_out(
        &mut self,
        node: Ix,
        terms: &Terms<'_>,
        made: &mut Made<'_>,
    ) -> Result<Vec<(Ix, u32)>, TreeError> {
        let order = self.counted(node);
        self.note(Note::Counted(node, order));
        self.recount(node, 0);
        self.withdraw(node, order);
        let mut voided = Vec::new();
        for broken in made.in_play.take(node) {
            self.note_earner(broken.earner);
            let live = &mut self.rung_mut(broken.earner).live;
            live.set_pairs(live.pairs().saturating_sub(1));
            let partner_side =
                self.leg_of(broken.earner, broken.partner).ok_or(TreeError::Inconsistent("a partner"))?;
            self.give_back(broken.earner, partner_side, broken.partner);
            voided.push((broken.earner, broken.number));
        }
        let mut up = self.up(node);
        while let Some((at, _)) = up {
            self.match_pairs(at, None, terms, made)?;
            up = self.up(at);
        }
        Ok(voided)
    }

    /// Makes every pair that the earner may have now. `fresh` has just begun to count in that leg.
    pub(super) fn match_pairs(
        &mut self,
        earner: Ix,
        fresh: Option<(Side, Ix)>,
        terms: &Terms<'_>,
        made: &mut Made<'_>,
    ) -> Result<(), TreeError> {
        let rules = &terms.plan.pairs;
        if earner == ROOT || (rules.require_distributor && !self.is_distributor(earner)) {
            self.mark_full(earner, terms.version, terms.period());
            return Ok(());
        }
        while self.backlog(earner) > 0 {
            let (day_slots, month_slots) = self.account(earner).slots(terms);
            let used = terms.used(day_slots, month_slots);
            let over = used >= rules.limit;
            if over && rules.over_limit == OverLimit::Carry {
                self.mark_full(earner, terms.version, terms.period());
                return Ok(());
            }
            self.note_earner(earner);
            let wanted = terms.pairs_now(self.backlog(earner), used);
            let left = self.take_oldest(earner, Side::Left, wanted, fresh)?;
            let right = self.take_oldest(earner, Side::Right, wanted, fresh)?;
            let account = self.account_mut(earner);
            let number = account.number.checked_add(1).ok_or(TreeError::Full)?;
            account.number = number;
            if !over {
                account.day = terms.day;
                account.day_slots = day_slots.saturating_add(1);
                account.month_slots = month_slots.saturating_add(1);
            }
            let active = self.is_active_buyer(earner);
            let live = &mut self.rung_mut(earner).live;
            live.set_pairs(live.pairs() + 1);
            let pay = if over { PairPay::NOTHING } else { terms.plan.pair_pay(number, active)? };
            made.in_play.add(earner, number, left, right);
            made.last_ordinal += 1;
            made.pairs.push(PairMade {
                ordinal: made.last_ordinal,
                earner,
                number,
                left,
                right,
                period: terms.period(),
                slot: (!over).then_some(used.saturating_add(1)),
                earner_active_buyer: active,
                plan_version: terms.version,
                pay,
            });
        }
        Ok(())
    }

    pub(super) fn note_earner(&mut self, earner: Ix) {
        self.note(Note::Earner(earner, self.rung(earner).live.pairs(), *self.account(earner)));
    }

    /// Takes the oldest unmatched member of a leg. There is one: the caller has looked at the counts.
    fn take_oldest(&mut self, earner: Ix, side: Side, wanted: u32, fresh: Option<(Side, Ix)>) -> Result<Ix, TreeError> {
        let rung = self.rung(earner);
        let unmatched = rung.count.get(side).saturating_sub(rung.live.pairs());
        if let Some((leg, node)) = fresh
            && leg == side
            && unmatched == 1
        {
            // Who has just joined is unmatched, so there is nobody else.
            let order = self.counted(node);
            self.account_mut(earner).taken.set(side, order);
            return Ok(node);
        }
        if self.fork(earner).flags & RETURNED.get(side) != 0 {
            let before = self.returned.get(&(earner, side)).cloned().unwrap_or_default();
            if let Some((_, member)) = before.first().copied() {
                let after = before.get(1..).unwrap_or_default().to_vec();
                self.note(Note::Returned(earner, side, before));
                self.set_returned(earner, side, after);
                return Ok(member);
            }
        }
        let member = self.next_in_leg(earner, side, wanted).ok_or(TreeError::Inconsistent("an unmatched member"))?;
        let order = self.counted(member);
        self.account_mut(earner).taken.set(side, order);
        Ok(member)
    }

    fn give_back(&mut self, earner: Ix, side: Side, member: Ix) {
        let before = self.returned.get(&(earner, side)).cloned().unwrap_or_default();
        let entry = (self.counted(member), member);
        let mut after = before.clone();
        after.insert(after.partition_point(|e| *e < entry), entry);
        self.note(Note::Returned(earner, side, before));
        self.set_returned(earner, side, after);
    }

    /// Takes a member who stops counting out of the lists of the returned.
    fn withdraw(&mut self, node: Ix, order: u32) {
        let mut up = self.up(node);
        while let Some((at, side)) = up {
            if self.fork(at).flags & RETURNED.get(side) != 0 {
                let before = self.returned.get(&(at, side)).cloned().unwrap_or_default();
                if before.contains(&(order, node)) {
                    let after = before.iter().copied().filter(|e| *e != (order, node)).collect();
                    self.note(Note::Returned(at, side, before));
                    self.set_returned(at, side, after);
                }
            }
            up = self.up(at);
        }
    }

    pub(super) fn set_returned(&mut self, earner: Ix, side: Side, members: Vec<(u32, Ix)>) {
        let flag = RETURNED.get(side);
        if members.is_empty() {
            self.returned.remove(&(earner, side));
            self.fork_mut(earner).flags &= !flag;
        } else {
            self.returned.insert((earner, side), members);
            self.fork_mut(earner).flags |= flag;
        }
    }
}
