//! What referral bonuses come to under a plan, for the payments that stand.

use domain::plan::{Plan, ReferralInput};
use domain::{Money, Month, PaymentId, PlanError, Timestamp, UserId};
use std::collections::HashMap;

/// A payment of somebody who was referred, and the bonus it earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referred {
    pub payment: PaymentId,
    pub referred: UserId,
    pub referrer: UserId,
    pub input: ReferralInput,
    pub bonus: Money,
    pub is_once_a_member: bool,
    pub at: Timestamp,
}

/// One bonus: whose, in which month, how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bonus {
    pub referrer: UserId,
    pub month: Month,
    pub amount: Money,
}

/// Collects bonuses. One that is owed once for a referred member goes to the earliest of their payments that stand.
#[derive(Debug, Default)]
pub struct Bonuses {
    each: Vec<Bonus>,
    once: HashMap<UserId, ((Timestamp, PaymentId), Bonus)>,
}

impl Bonuses {
    /// As it was decided.
    pub fn take_decided(&mut self, paid: &Referred) {
        self.take(paid, paid.bonus, paid.is_once_a_member);
    }

    /// As `plan` would decide.
    pub fn take_under(&mut self, plan: &Plan, paid: &Referred) -> Result<(), PlanError> {
        self.take(paid, plan.referral_bonus(&paid.input)?, plan.referral_is_once_a_member());
        Ok(())
    }

    fn take(&mut self, paid: &Referred, amount: Money, once: bool) {
        if !amount.is_positive() {
            return;
        }
        let bonus = Bonus { referrer: paid.referrer, month: paid.at.month(), amount };
        if !once {
            self.each.push(bonus);
            return;
        }
        let order = (paid.at, paid.payment);
        match self.once.get(&paid.referred) {
            Some((earlier, _)) if *earlier <= order => {}
            Some(_) | None => drop(self.once.insert(paid.referred, (order, bonus))),
        }
    }

    pub fn all(&self) -> impl Iterator<Item = Bonus> + '_ {
        self.each.iter().copied().chain(self.once.values().map(|(_, bonus)| *bonus))
    }
}
