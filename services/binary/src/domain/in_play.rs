//! Pairs that stand, as far as the inputs at hand may void them.
//!
//! The tree itself keeps no pairs: at ten million members they would outweigh it. Whoever applies inputs
//! fills in the standing pairs of the members whose refunds are among them; pairs made meanwhile join by
//! themselves.

use super::node::Ix;
use std::collections::HashMap;

#[derive(Debug, Clone, Default)]
pub struct InPlay {
    /// Earner, number, left and right of pairs that nobody has asked about yet: few inputs are refunds.
    new: Vec<(Ix, u32, Ix, Ix)>,
    /// Members by earner and number.
    pairs: HashMap<(Ix, u32), (Ix, Ix)>,
    /// Earner and number by member, with leftovers of pairs that are no more.
    of: HashMap<Ix, Vec<(Ix, u32)>>,
}

/// A pair that is to be voided, seen from the member who is the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    pub earner: Ix,
    pub number: u32,
    pub partner: Ix,
}

impl InPlay {
    pub fn add(&mut self, earner: Ix, number: u32, left: Ix, right: Ix) {
        self.new.push((earner, number, left, right));
    }

    /// Takes out every pair of `member`, that of the nearest earner first.
    pub fn take(&mut self, member: Ix) -> Vec<Broken> {
        self.sort_in();
        let mut keys = self.of.remove(&member).unwrap_or_default();
        // A node is always younger than its ancestors, so the nearest has the highest number.
        keys.sort_unstable_by(|a, b| b.cmp(a));
        let broken = |(earner, number)| {
            let (left, right) = self.pairs.remove(&(earner, number))?;
            let partner = if left == member { right } else { left };
            Some(Broken { earner, number, partner })
        };
        keys.into_iter().filter_map(broken).collect()
    }

    fn sort_in(&mut self) {
        for (earner, number, left, right) in self.new.drain(..) {
            if self.pairs.insert((earner, number), (left, right)).is_none() {
                self.of.entry(left).or_default().push((earner, number));
                self.of.entry(right).or_default().push((earner, number));
            }
        }
    }
}
