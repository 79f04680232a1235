//! Rollups: running sums of facts by day and over all days, and the changes of a batch.

use domain::{Day, Money, MoneyError};
use std::collections::BTreeMap;

domain::text_enum! {
    /// Kind of facts that a rollup sums. The measures follow the colon; further measures are 0.
    pub enum RollupKind {
        /// Members by the day they joined: those who were referred.
        Joined = "joined",
        /// Members: the Active Buyers. Over all days only.
        Member = "member",
        /// Bookings by the day they were made, in any status: price.
        BookingMade = "booking_made",
        /// Bookings by status. Over all days only.
        Booking = "booking",
        /// Receipts by kind and method: amount.
        Receipt = "receipt",
        /// Wallet transactions by type: amount.
        Transaction = "transaction",
        /// Placements, manual or automatic.
        Placement = "placement",
        /// Pairs by outcome: gross, EMI deduction.
        Pair = "pair",
        /// Steps of payouts by the resulting status: requested, TDS, EMI, net.
        PayoutStep = "payout_step",
        /// Payouts by status: requested, TDS. Over all days only.
        Payout = "payout",
        /// Unpaid instalments of confirmed bookings by due day: unpaid amount.
        Instalment = "instalment",
        /// Payouts that are requested and not finished, by the day of the request and status: requested.
        OpenPayout = "open_payout",
        /// Wallets: available, held, EMI reserve, reserve, clawback due. Over all days only.
        Wallet = "wallet",
    }
}

/// Measures of a rollup.
pub const MEASURES: usize = 5;

/// Count of facts and the sums of their measures (paise or counts).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub facts: i64,
    pub measures: [i64; MEASURES],
}

impl Sums {
    /// The sums of one fact with these measures.
    pub fn of_one(measures: impl IntoIterator<Item = i64>) -> Self {
        Self::new(1, measures)
    }

    /// The sums of `facts` facts; missing measures are 0.
    pub fn new(facts: i64, measures: impl IntoIterator<Item = i64>) -> Self {
        let mut sums = Self { facts, measures: [0; MEASURES] };
        for (sum, measure) in sums.measures.iter_mut().zip(measures) {
            *sum = measure;
        }
        sums
    }

    /// Whether the count and all measures are 0.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// Adds two sums. Errors on overflow.
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

    /// The measures as amounts.
    pub fn amounts(self) -> [Money; MEASURES] {
        self.measures.map(Money::from_paise)
    }
}

/// Key of a rollup.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RollupKey {
    pub kind: RollupKind,
    /// `None` for the sum over all days.
    pub day: Option<Day>,
    /// Breakdown within the kind, such as a status; empty for a kind without one.
    pub part: String,
}

/// Changes of rollups, or all rollups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rollups(BTreeMap<RollupKey, Sums>);

impl Rollups {
    /// Adds to the rollup over all days.
    pub fn add(&mut self, kind: RollupKind, part: &str, sums: Sums) -> Result<(), MoneyError> {
        self.add_to(RollupKey { kind, day: None, part: part.to_owned() }, sums)
    }

    /// Subtracts from the rollup over all days: removes the previous version of a fact.
    pub fn remove(&mut self, kind: RollupKind, part: &str, sums: Sums) -> Result<(), MoneyError> {
        self.add(kind, part, sums.negated()?)
    }

    /// Adds to the rollups of the day and over all days.
    pub fn add_on(&mut self, day: Day, kind: RollupKind, part: &str, sums: Sums) -> Result<(), MoneyError> {
        self.add_to(RollupKey { kind, day: Some(day), part: part.to_owned() }, sums)?;
        self.add(kind, part, sums)
    }

    /// Subtracts from the rollups of the day and over all days: removes the previous version of a fact.
    pub fn remove_on(&mut self, day: Day, kind: RollupKind, part: &str, sums: Sums) -> Result<(), MoneyError> {
        self.add_on(day, kind, part, sums.negated()?)
    }

    fn add_to(&mut self, key: RollupKey, sums: Sums) -> Result<(), MoneyError> {
        let sum = self.0.entry(key).or_default();
        *sum = sum.plus(sums)?;
        Ok(())
    }

    /// Entries that are not zero.
    pub fn changes(&self) -> impl Iterator<Item = (&RollupKey, Sums)> {
        self.0.iter().filter(|(_, sums)| !sums.is_zero()).map(|(key, sums)| (key, *sums))
    }

    /// The sums of a key; zero without an entry.
    pub fn get(&self, key: &RollupKey) -> Sums {
        self.0.get(key).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removing_what_was_added_leaves_no_change() {
        let day: Day = "2026-11-10".parse().expect("a day");
        let (one, other) = (Sums::of_one([500, 25]), Sums::new(2, [1, 2, 3, 4, 5]));
        let mut rollups = Rollups::default();
        rollups.add_on(day, RollupKind::Pair, "matched", one).expect("in range");
        rollups.add_on(day, RollupKind::Pair, "matched", other).expect("in range");
        rollups.remove_on(day, RollupKind::Pair, "matched", one).expect("in range");
        let changes: Vec<_> = rollups.changes().map(|(key, sums)| (key.day, sums)).collect();
        assert_eq!(changes, [(None, other), (Some(day), other)]);
        rollups.remove_on(day, RollupKind::Pair, "matched", other).expect("in range");
        assert_eq!(rollups.changes().count(), 0);
    }

    #[test]
    fn a_sum_that_does_not_fit_is_refused() {
        let mut rollups = Rollups::default();
        rollups.add(RollupKind::Wallet, "", Sums::of_one([i64::MAX])).expect("in range");
        assert_eq!(rollups.add(RollupKind::Wallet, "", Sums::of_one([1])), Err(MoneyError::OutOfRange));
        assert_eq!(rollups.remove(RollupKind::Wallet, "", Sums::of_one([i64::MIN])), Err(MoneyError::OutOfRange));
    }
}
