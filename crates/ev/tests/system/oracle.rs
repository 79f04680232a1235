//! Reference model of the rules: breadth-first placement, linear scans for pairs, plain sums.
//!
//! It receives the operations in the order of the tree's journal and shares no code with the platform.

use std::collections::{HashMap, HashSet, VecDeque};

pub(crate) const MAX_PAIRS_PER_MONTH: usize = 10;
const ACTIVE_BUYER_PAISE: i64 = 500_000;
const PAIR_GROSS_PAISE: i64 = 50_000;
const PAIR_EMI_PAISE: i64 = 10_000;
const COMPANY: usize = 0;
const SIDES: [&str; 2] = ["left", "right"];

#[derive(Debug, Default, Clone)]
pub(crate) struct Member {
    referrer: Option<usize>,
    sponsor: usize,
    /// Parent and side.
    parent: Option<(usize, usize)>,
    children: [Option<usize>; 2],
    /// Position in the matching order, while the member counts.
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
        if self.number >= 6 && !self.active { PAIR_EMI_PAISE } else { 0 }
    }
}

/// Reference model. Member 0 is the company.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    members: Vec<Member>,
    names: HashMap<String, usize>,
    pub(crate) pairs: Vec<Pair>,
    order: u64,
}

/// Expected node of one member.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ExpectedNode {
    pub(crate) parent: Option<String>,
    pub(crate) side: String,
    pub(crate) sponsor: Option<String>,
    pub(crate) left_count: u64,
    pub(crate) right_count: u64,
    pub(crate) pairs: u64,
    pub(crate) net_paid: i64,
}

/// Expected pair of an earner.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExpectedPair {
    pub(crate) number: usize,
    pub(crate) left: String,
    pub(crate) right: String,
    pub(crate) month: String,
    pub(crate) status: String,
    pub(crate) gross: i64,
    pub(crate) emi: i64,
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

    /// Records the member's referrer.
    pub(crate) fn set_referrer(&mut self, user: &str, referrer: Option<&str>) {
        let (member, referrer) = (self.index(user), referrer.map(|r| self.index(r)));
        self.members[member].referrer = referrer;
    }
    /// The nearest placed member in the referral chain, or the company.
    fn sponsor_of(&self, member: usize) -> usize {
        let mut at = self.members[member].referrer;
        while let Some(referrer) = at {
            if self.members[referrer].placed {
                return referrer;
            }
            at = self.members[referrer].referrer;
        }
        COMPANY
    }
    /// Places a member at the first payment; `prefers` is a leg, 0 is left.
    pub(crate) fn placed(&mut self, user: &str, prefers: Option<usize>, amount: i64, month: &str) {
        let new = self.index(user);
        let sponsor = self.sponsor_of(new);
        let top = match prefers {
            None => Some(sponsor),
            Some(side) => self.members[sponsor].children[side],
        };
        let mut slot = prefers.map(|side| (sponsor, side));
        let mut queue: VecDeque<usize> = top.into_iter().collect();
        while let Some(node) = queue.pop_front() {
            if let Some(side) = (0..2).find(|side| self.members[node].children[*side].is_none()) {
                slot = Some((node, side));
                break;
            }
            queue.extend(self.members[node].children.iter().flatten());
        }
        let (parent, side) = slot.expect("a free slot");
        self.attach(new, sponsor, parent, side);
        self.paid(user, amount, month);
    }
    /// Places a member by an administrator, before any payment.
    pub(crate) fn place_manually(&mut self, user: &str, parent: &str, side: usize) {
        let (new, parent) = (self.index(user), self.index(parent));
        self.attach(new, self.sponsor_of(new), parent, side);
    }
    fn attach(&mut self, new: usize, sponsor: usize, parent: usize, side: usize) {
        let taken = self.members[parent].children[side].replace(new);
        assert_eq!((taken, self.members[new].placed), (None, false), "placed twice, or in an occupied slot");
        let member = &mut self.members[new];
        (member.placed, member.parent, member.sponsor) = (true, Some((parent, side)), sponsor);
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

    /// Counting members in a leg, in matching order.
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
        let mine = || self.pairs.iter().filter(|p| p.earner == earner);
        if mine().filter(|p| p.month == month).count() >= MAX_PAIRS_PER_MONTH {
            return false;
        }
        let used: HashSet<usize> = mine().filter(|p| !p.voided).flat_map(|p| [p.left, p.right]).collect();
        let free = |side: usize| self.leg(earner, side).into_iter().find(|member| !used.contains(member));
        let (Some(left), Some(right)) = (free(0), free(1)) else { return false };
        let number = mine().count() + 1;
        let active = self.members[earner].net_paid >= ACTIVE_BUYER_PAISE;
        self.pairs.push(Pair { earner, number, left, right, month: month.to_owned(), active, voided: false });
        true
    }

    pub(crate) fn expected_node(&self, user: &str) -> Option<ExpectedNode> {
        let index = *self.names.get(user)?;
        let member = self.members.get(index).filter(|m| m.placed)?;
        let count = |side| u64::try_from(self.leg(index, side).len()).unwrap();
        Some(ExpectedNode {
            parent: member.parent.and_then(|(parent, _)| self.name(parent)),
            side: member.parent.map(|(_, side)| SIDES[side]).unwrap_or_default().to_owned(),
            sponsor: self.name(member.sponsor),
            left_count: count(0),
            right_count: count(1),
            pairs: u64::try_from(self.pairs.iter().filter(|p| p.earner == index && !p.voided).count()).unwrap(),
            net_paid: member.net_paid,
        })
    }

    /// Every pair of a member, by number.
    pub(crate) fn expected_pairs(&self, user: &str) -> Vec<ExpectedPair> {
        let Some(index) = self.names.get(user) else { return Vec::new() };
        let name = |member: usize| self.name(member).unwrap_or_default();
        let mine = self.pairs.iter().filter(|p| p.earner == *index);
        mine.map(|p| ExpectedPair {
            number: p.number,
            left: name(p.left),
            right: name(p.right),
            month: p.month.clone(),
            status: if p.voided { "voided" } else { "matched" }.to_owned(),
            gross: PAIR_GROSS_PAISE,
            emi: p.emi(),
        })
        .collect()
    }
}
