//! The rules in their plainest form: breadth-first placement, linear scans for pairs, plain sums.
//!
//! It is told what happened, in the order in which the tree took it in, and knows nothing of how the
//! platform computes.

use std::collections::{HashMap, VecDeque};

pub(crate) const LIMIT_A_MONTH: usize = 10;
const ACTIVE_FROM: i64 = 500_000;
const GROSS: i64 = 50_000;
const EMI: i64 = 10_000;

#[derive(Debug, Default, Clone)]
pub(crate) struct Member {
    parent: Option<usize>,
    children: [Option<usize>; 2],
    /// Place in the matching order while the member counts.
    counted: Option<u64>,
    net_paid: i64,
    placed: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) earner: usize,
    pub(crate) number: usize,
    pub(crate) left: usize,
    pub(crate) right: usize,
    pub(crate) month: String,
    pub(crate) active: bool,
    pub(crate) voided: bool,
}

impl Pair {
    pub(crate) fn emi(&self) -> i64 {
        if self.number >= 6 && !self.active { EMI } else { 0 }
    }
}

/// Member 0 is the company.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    members: Vec<Member>,
    names: HashMap<String, usize>,
    pub(crate) pairs: Vec<Pair>,
    order: u64,
}

/// What the platform should say of one member.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) parent: Option<String>,
    pub(crate) left_count: u64,
    pub(crate) right_count: u64,
    pub(crate) pairs: u64,
    pub(crate) net_paid: i64,
}

impl Oracle {
    pub(crate) fn new() -> Self {
        Self { members: vec![Member { placed: true, ..Member::default() }], ..Self::default() }
    }
    fn index(&mut self, user: &str) -> usize {
        if let Some(known) = self.names.get(user) {
            return *known;
        }
        self.members.push(Member::default());
        self.names.insert(user.to_owned(), self.members.len() - 1);
        self.members.len() - 1
    }
    fn name(&self, index: usize) -> Option<String> {
        self.names.iter().find(|(_, i)| **i == index).map(|(name, _)| name.clone())
    }

    /// A first payment: `sponsor` is the nearest placed member up the referral chain.
    pub(crate) fn placed(&mut self, user: &str, sponsor: Option<&str>, amount: i64, month: &str) {
        let top = sponsor.map_or(0, |s| self.index(s));
        let new = self.index(user);
        let mut queue = VecDeque::from([top]);
        while let Some(node) = queue.pop_front() {
            if let Some(side) = (0..2).find(|side| self.members[node].children[*side].is_none()) {
                self.members[node].children[side] = Some(new);
                self.members[new].parent = Some(node);
                self.members[new].placed = true;
                break;
            }
            queue.extend(self.members[node].children.iter().flatten());
        }
        self.paid(user, amount, month);
    }

    pub(crate) fn paid(&mut self, user: &str, amount: i64, month: &str) {
        let member = self.index(user);
        self.members[member].net_paid += amount;
        if self.members[member].counted.is_none() && self.members[member].net_paid > 0 {
            self.order += 1;
            self.members[member].counted = Some(self.order);
            self.match_all(month);
        }
    }

    pub(crate) fn refunded(&mut self, user: &str, amount: i64, month: &str) {
        let member = self.index(user);
        self.members[member].net_paid -= amount;
        if self.members[member].counted.is_some() && self.members[member].net_paid <= 0 {
            self.members[member].counted = None;
            for pair in &mut self.pairs {
                pair.voided |= pair.left == member || pair.right == member;
            }
            self.match_all(month);
        }
    }

    pub(crate) fn day_started(&mut self, month: &str) {
        self.match_all(month);
    }

    /// Every counting member below `top`, oldest in the matching order first.
    fn leg(&self, earner: usize, side: usize) -> Vec<usize> {
        let mut queue: VecDeque<usize> = self.members[earner].children[side].into_iter().collect();
        let mut leg = Vec::new();
        while let Some(node) = queue.pop_front() {
            queue.extend(self.members[node].children.iter().flatten());
            leg.extend(self.members[node].counted.map(|order| (order, node)));
        }
        leg.sort_unstable();
        leg.into_iter().map(|(_, node)| node).collect()
    }

    fn match_all(&mut self, month: &str) {
        for earner in 1..self.members.len() {
            while self.match_one(earner, month) {}
        }
    }

    fn match_one(&mut self, earner: usize, month: &str) -> bool {
        let used = self.pairs.iter().filter(|p| p.earner == earner && p.month == month).count();
        if used >= LIMIT_A_MONTH {
            return false;
        }
        let free = |side: usize| {
            self.leg(earner, side).into_iter().find(|member| {
                !self.pairs.iter().any(|p| p.earner == earner && !p.voided && (p.left == *member || p.right == *member))
            })
        };
        let (Some(left), Some(right)) = (free(0), free(1)) else { return false };
        let number = self.pairs.iter().filter(|p| p.earner == earner).count() + 1;
        let active = self.members[earner].net_paid >= ACTIVE_FROM;
        self.pairs.push(Pair { earner, number, left, right, month: month.to_owned(), active, voided: false });
        true
    }

    pub(crate) fn expected(&self, user: &str) -> Option<Expected> {
        let index = *self.names.get(user)?;
        let member = self.members.get(index).filter(|m| m.placed)?;
        let count = |side| u64::try_from(self.leg(index, side).len()).unwrap();
        Some(Expected {
            parent: member.parent.and_then(|p| self.name(p)),
            left_count: count(0),
            right_count: count(1),
            pairs: u64::try_from(self.pairs.iter().filter(|p| p.earner == index && !p.voided).count()).unwrap(),
            net_paid: member.net_paid,
        })
    }

    /// What a member's pairs have paid for good, and what of all pairs ever went to the EMI reserve.
    pub(crate) fn pair_money(&self, user: &str) -> (i64, i64) {
        let Some(index) = self.names.get(user) else { return (0, 0) };
        let mine: Vec<&Pair> = self.pairs.iter().filter(|p| p.earner == *index).collect();
        // A voided pair gives back its gross; the part reserved for the EMI stays the member's.
        let kept: i64 = mine.iter().map(|p| if p.voided { -p.emi() } else { GROSS - p.emi() }).sum();
        (kept, mine.iter().map(|p| p.emi()).sum())
    }
}
