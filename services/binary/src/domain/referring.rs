//! What referral bonuses come to under a plan.

use domain::plan::{Plan, ReferralInput, TakenBack, taken_back};
use domain::{Money, Month, PaymentId, PlanError, Timestamp, UserId};

/// A payment of somebody who was referred, and the bonus it earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referred {
    pub payment: PaymentId,
    pub referrer: UserId,
    pub input: ReferralInput,
    pub bonus: Money,
    pub at: Timestamp,
}

/// What changed the standing of a member who was referred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Paid(Referred),
    /// Net payments after it, and whose bonuses went with it.
    GivenBack {
        payment: PaymentId,
        net_paid: Money,
        taken: TakenBack,
    },
}

/// One bonus: whose, in which month, how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bonus {
    pub referrer: UserId,
    pub month: Month,
    pub amount: Money,
}

/// The bonuses that stand after all steps of one member, in their order: as `plan` would decide or, without one, as was
/// decided.
pub fn standing(plan: Option<&Plan>, steps: &[Step]) -> Result<Vec<Bonus>, PlanError> {
    let (mut once, mut standing) = (None, Vec::new());
    for step in steps {
        match step {
            Step::Paid(paid) => {
                let amount = match plan {
                    Some(plan) => plan.referral_bonus(paid.payment, &paid.input, &mut once)?,
                    None => paid.bonus,
                };
                let bonus = Bonus { referrer: paid.referrer, month: paid.at.month(), amount };
                standing.extend(amount.is_positive().then_some((paid.payment, bonus)));
            }
            Step::GivenBack { payment, net_paid, taken } => {
                let taken = plan.map_or(*taken, |_| taken_back(*payment, *net_paid, &mut once));
                let goes = |id: PaymentId| (taken.own && id == *payment) || taken.other == Some(id);
                standing.retain(|(id, _)| !goes(*id));
            }
        }
    }
    Ok(standing.into_iter().map(|(_, bonus)| bonus).collect())
}
