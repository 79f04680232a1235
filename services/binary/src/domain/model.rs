//! Reference model of the tree: breadth-first placement, linear scans, no derived state.

use domain::plan::{LimitPer, OverLimit};
use domain::{Money, Plan, Side, Timestamp};
use std::collections::VecDeque;

/// Earner, number, left, right and slot of a pair.
pub(super) type ModelPair = (usize, u32, usize, usize, Option<u32>);

#[derive(Clone, Default)]
pub(super) struct Node {
    pub(super) parent: usize,
    pub(super) children: [Option<usize>; 2],
    pub(super) order: Option<i64>,
    pub(super) net: i64,
    pub(super) distributor: bool,
    pub(super) active: bool,
}

#[derive(Clone)]
pub(super) struct Pair {
    pub(super) earner: usize,
    pub(super) number: u32,
    pub(super) left: usize,
    pub(super) right: usize,
    /// Day on which a slot was used; `None` when flushed.
    pub(super) day: Option<u32>,
    pub(super) voided: bool,
}

#[derive(Clone)]
pub(super) struct Model {
    pub(super) nodes: Vec<Node>,
    pub(super) pairs: Vec<Pair>,
    pub(super) seq: i64,
    pub(super) time: Timestamp,
    pub(super) plans: Vec<(Timestamp, Plan)>,
}

pub(super) fn side_index(side: Side) -> usize {
    match side {
        Side::Left => 0,
        Side::Right => 1,
    }
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
            pairs: Vec::new(),
            seq: 0,
            time: Timestamp::UNIX_EPOCH,
            plans: vec![(Timestamp::UNIX_EPOCH, Plan::seed())],
        }
    }
    pub(super) fn plan(&self) -> &Plan {
        &self.plans.iter().rfind(|(from, _)| *from <= self.time).unwrap().1
    }
    pub(super) fn subtree(&self, top: Option<usize>) -> Vec<usize> {
        let mut queue: VecDeque<usize> = top.into_iter().collect();
        let mut all = Vec::new();
        while let Some(x) = queue.pop_front() {
            all.push(x);
            queue.extend(self.nodes[x].children.iter().flatten());
        }
        all
    }
    pub(super) fn find_vacancy(&self, sponsor: usize, prefers: Option<Side>) -> (usize, usize) {
        let top = match prefers {
            None => sponsor,
            Some(side) => match self.nodes[sponsor].children[side_index(side)] {
                None => return (sponsor, side_index(side)),
                Some(child) => child,
            },
        };
        for x in self.subtree(Some(top)) {
            for side in 0..2 {
                if self.nodes[x].children[side].is_none() {
                    return (x, side);
                }
            }
        }
        unreachable!()
    }
    pub(super) fn counting(&self, x: usize, side: usize) -> Vec<usize> {
        let mut all = self.subtree(self.nodes[x].children[side]);
        all.retain(|m| self.nodes[*m].order.is_some());
        all.sort_by_key(|m| self.nodes[*m].order);
        all
    }
    pub(super) fn place(&mut self, parent: usize, side: usize, distributor: bool) -> usize {
        assert!(self.nodes[parent].children[side].is_none());
        let new = self.nodes.len();
        self.nodes[parent].children[side] = Some(new);
        self.nodes.push(Node { parent, distributor, ..Node::default() });
        new
    }
    pub(super) fn ancestors(&self, x: usize) -> Vec<usize> {
        let mut all = Vec::new();
        let mut at = x;
        while at != 0 {
            at = self.nodes[at].parent;
            all.push(at);
        }
        all
    }
    pub(super) fn day(&self) -> u32 {
        self.time.day().to_string().replace('-', "").parse().unwrap()
    }
    pub(super) fn match_earner(&mut self, e: usize, made: &mut Vec<ModelPair>) {
        if e == 0 || self.nodes[e].children.contains(&None) {
            return;
        }
        let rules = self.plan().pairs.clone();
        if rules.require_distributor && !self.nodes[e].distributor {
            return;
        }
        let legs = [0, 1].map(|side| self.counting(e, side));
        loop {
            let outstanding: Vec<&Pair> = self.pairs.iter().filter(|p| p.earner == e && !p.voided).collect();
            let used: Vec<usize> = outstanding.iter().flat_map(|p| [p.left, p.right]).collect();
            let free = |side: usize| legs[side].iter().copied().find(|m| !used.contains(m));
            let (Some(left), Some(right)) = (free(0), free(1)) else { return };
            let day = self.day();
            let in_period = |d: u32| match rules.limit_per {
                LimitPer::Day => d == day,
                LimitPer::Month => d / 100 == day / 100,
            };
            let all = || self.pairs.iter().filter(|p| p.earner == e);
            let used = u32::try_from(all().filter(|p| p.day.is_some_and(in_period)).count()).unwrap();
            let number = u32::try_from(all().count()).unwrap() + 1;
            let over = used >= rules.limit;
            if over && rules.over_limit == OverLimit::Carry {
                return;
            }
            self.pairs.push(Pair { earner: e, number, left, right, day: (!over).then_some(day), voided: false });
            made.push((e, number, left, right, (!over).then_some(used + 1)));
        }
    }
    fn set_net(&mut self, x: usize, net: i64) {
        self.nodes[x].net = net;
        self.nodes[x].active = Money::from_rupees(net) >= self.plan().active_buyer_from;
    }
    pub(super) fn label(&mut self, x: usize, on: bool, made: &mut Vec<ModelPair>) {
        let before = std::mem::replace(&mut self.nodes[x].distributor, on);
        if on && !before && self.plan().pairs.require_distributor {
            self.match_earner(x, made);
        }
    }
    pub(super) fn pay(&mut self, x: usize, amount: i64, made: &mut Vec<ModelPair>) {
        self.set_net(x, self.nodes[x].net + amount);
        if self.nodes[x].net > 0 && self.nodes[x].order.is_none() {
            self.nodes[x].order = Some(self.seq);
            for e in self.ancestors(x) {
                self.match_earner(e, made);
            }
        }
    }
    pub(super) fn refund(&mut self, x: usize, amount: i64, made: &mut Vec<ModelPair>) -> Vec<(usize, u32)> {
        self.set_net(x, self.nodes[x].net - amount);
        let mut voided = Vec::new();
        if self.nodes[x].net <= 0 && self.nodes[x].order.take().is_some() {
            for e in self.ancestors(x) {
                for p in &mut self.pairs {
                    if p.earner == e && !p.voided && (p.left == x || p.right == x) {
                        p.voided = true;
                        voided.push((e, p.number));
                    }
                }
            }
            for e in self.ancestors(x) {
                self.match_earner(e, made);
            }
        }
        voided
    }
}
