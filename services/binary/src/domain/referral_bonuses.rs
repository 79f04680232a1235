//! Referral bonuses under a plan.

use domain::plan::{BonusReversal, Plan, ReferralInput, reverse_bonuses};
use domain::{Money, Month, PaymentId, PlanError, Timestamp, UserId};

/// A payment of a referred member and the bonus that it earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferredPayment {
    pub payment: PaymentId,
    pub referrer: UserId,
    pub input: ReferralInput,
    pub bonus: Money,
    pub at: Timestamp,
}

/// A payment or refund of a referred member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferralEvent {
    Paid(ReferredPayment),
    /// A refund: net payments after it, and the bonuses that it revoked.
    Refunded {
        payment: PaymentId,
        net_paid: Money,
        revoked: BonusReversal,
    },
}

/// One bonus: referrer, month and amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bonus {
    pub referrer: UserId,
    pub month: Month,
    pub amount: Money,
}

/// The bonuses not revoked after all payments and refunds of one member, in order. `plan` decides them; without one,
/// the original decisions apply.
pub fn remaining_bonuses(plan: Option<&Plan>, events: &[ReferralEvent]) -> Result<Vec<Bonus>, PlanError> {
    let (mut once, mut remaining) = (None, Vec::new());
    for event in events {
        match event {
            ReferralEvent::Paid(paid) => {
                let amount = match plan {
                    Some(plan) => plan.referral_bonus(paid.payment, &paid.input, &mut once)?,
                    None => paid.bonus,
                };
                let bonus = Bonus { referrer: paid.referrer, month: paid.at.month(), amount };
                remaining.extend(amount.is_positive().then_some((paid.payment, bonus)));
            }
            ReferralEvent::Refunded { payment, net_paid, revoked } => {
                let revoked = plan.map_or(*revoked, |_| reverse_bonuses(*payment, *net_paid, &mut once));
                let is_revoked = |id: PaymentId| (revoked.own && id == *payment) || revoked.other == Some(id);
                remaining.retain(|(id, _)| !is_revoked(*id));
            }
        }
    }
    Ok(remaining.into_iter().map(|(_, bonus)| bonus).collect())
}
