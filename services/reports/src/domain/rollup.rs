//! Running sums of facts: by day and of all days, and what a batch of facts changes in them.

use domain::{Day, Money, MoneyError};
use std::collections::BTreeMap;

domain::text_enum! {
    /// What is summed up. Measures that are not named here are 0.
    pub enum Noun {
        /// Members who joined on a day: of them those who were referred.
        Joined = "joined",
        /// Members: of them the Active Buyers. Of all days only.
        Member = "member",
        /// Bookings made on a day, whatever became of them: their prices.
        BookingMade = "booking_made",
        /// Bookings by status. Of all days only.
        Booking = "booking",
        /// Receipts by kind and method: their amounts.
        Receipt = "receipt",
        /// Wallet transactions by type: their amounts.
        Transaction = "transaction",
        /// Placements by whether they were manual.
        Placement = "placement",
        /// Pair facts by kind: gross, EMI deduction.
        Pair = "pair",
        /// Steps of payouts by the status they led to: requested, TDS, EMI, net.
        PayoutStep = "payout_step",
        /// Payouts by status: requested, TDS. Of all days only.
        Payout = "payout",
        /// Wallets: available, held, EMI reserve, reserve, clawback due. Of all days only.
        Wallet = "wallet",
    }
}

pub const MEASURES: usize = 5;

/// How many facts there are, and the sums of their measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub facts: i64,
    pub measures: [i64; MEASURES],
}

impl Sums {
    /// One fact with these measures.
    pub fn one(measures: impl IntoIterator<Item = i64>) -> Self {
        Self::of(1, measures)
    }

    /// `facts` facts whose measures come to these.
    pub fn of(facts: i64, measures: impl IntoIterator<Item = i64>) -> Self {
        let mut sums = Self { facts, measures: [0; MEASURES] };
        for (sum, measure) in sums.measures.iter_mut().zip(measures) {
            *sum = measure;
        }
        sums
    }

    pub fn is_zero(self) -> bool {
        self == Self::default()
    }

    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        let sum = |a: i64, b: i64| a.checked_add(b).ok_or(MoneyError::OutOfRange);
        let mut sums = Self { facts: sum(self.facts, other.facts)?, measures: self.measures };
        for (measure, other) in sums.measures.iter_mut().zip(other.measures) {
            *measure = sum(*measure, other)?;
        }
        Ok(sums)
    }

    fn negated(self) -> Result<Self, MoneyError> {
        let neg = |n: i64| n.checked_neg().ok_or(MoneyError::OutOfRange);
        let mut sums = Self { facts: neg(self.facts)?, measures: self.measures };
        for measure in &mut sums.measures {
            *measure = neg(*measure)?;
        }
        Ok(sums)
    }

    pub fn amounts(self) -> [Money; MEASURES] {
        self.measures.map(Money::from_paise)
    }
}

/// Which sum: of a noun's part, on a day or of all days.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RollupKey {
    pub noun: Noun,
    pub day: Option<Day>,
    pub part: String,
}

/// What facts add to the sums.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rollups(BTreeMap<RollupKey, Sums>);

impl Rollups {
    /// Adds to the sum of all days.
    pub fn add(&mut self, noun: Noun, part: &str, sums: Sums) -> Result<(), MoneyError> {
        self.put(RollupKey { noun, day: None, part: part.to_owned() }, sums)
    }

    /// Takes out of the sum of all days what was added for a fact that has changed since.
    pub fn remove(&mut self, noun: Noun, part: &str, sums: Sums) -> Result<(), MoneyError> {
        self.add(noun, part, sums.negated()?)
    }

    /// Adds to the sums of the day and of all days.
    pub fn add_on(&mut self, day: Day, noun: Noun, part: &str, sums: Sums) -> Result<(), MoneyError> {
        self.put(RollupKey { noun, day: Some(day), part: part.to_owned() }, sums)?;
        self.add(noun, part, sums)
    }

    /// Takes out of the sums of the day and of all days what was added for a fact that has changed since.
    pub fn remove_on(&mut self, day: Day, noun: Noun, part: &str, sums: Sums) -> Result<(), MoneyError> {
        self.add_on(day, noun, part, sums.negated()?)
    }

    fn put(&mut self, key: RollupKey, sums: Sums) -> Result<(), MoneyError> {
        let sum = self.0.entry(key).or_default();
        *sum = sum.plus(sums)?;
        Ok(())
    }

    /// Those that are not zero.
    pub fn changes(&self) -> impl Iterator<Item = (&RollupKey, Sums)> {
        self.0.iter().filter(|(_, sums)| !sums.is_zero()).map(|(key, sums)| (key, *sums))
    }

    pub fn get(&self, key: &RollupKey) -> Sums {
        self.0.get(key).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_again_leaves_nothing() {
        let day: Day = "2026-11-10".parse().expect("a day");
        let (one, other) = (Sums::one([500, 25]), Sums::of(2, [1, 2, 3, 4, 5]));
        let mut rollups = Rollups::default();
        rollups.add_on(day, Noun::Pair, "matched", one).expect("in range");
        rollups.add_on(day, Noun::Pair, "matched", other).expect("in range");
        rollups.remove_on(day, Noun::Pair, "matched", one).expect("in range");
        let changes: Vec<_> = rollups.changes().map(|(key, sums)| (key.day, sums)).collect();
        assert_eq!(changes, [(None, other), (Some(day), other)]);
        rollups.remove_on(day, Noun::Pair, "matched", other).expect("in range");
        assert_eq!(rollups.changes().count(), 0);
    }

    #[test]
    fn a_sum_that_does_not_fit_is_refused() {
        let mut rollups = Rollups::default();
        rollups.add(Noun::Wallet, "", Sums::one([i64::MAX])).expect("in range");
        assert_eq!(rollups.add(Noun::Wallet, "", Sums::one([1])), Err(MoneyError::OutOfRange));
        assert_eq!(rollups.remove(Noun::Wallet, "", Sums::one([i64::MIN])), Err(MoneyError::OutOfRange));
    }
}
