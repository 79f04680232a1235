//! A buyer's account: referrer, net payments, Active Buyer status and the one-time bonus.

use super::command::{Context, Refusal};
use super::entity::{Member, Payment};
use super::event::{PaymentCompleted, Standing};
use domain::plan::{BonusReversal, ReferralInput, reverse_bonuses};
use domain::{Money, Plan, UserId};

/// A member as stored and as changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyerAccount {
    member: Member,
    stored: Member,
}

impl BuyerAccount {
    /// The account of a stored member.
    pub fn new(member: Member) -> Self {
        Self { stored: member.clone(), member }
    }

    pub fn member(&self) -> &Member {
        &self.member
    }

    /// The member to save; `None` when nothing changed.
    pub fn changed(&self) -> Option<&Member> {
        (self.member != self.stored).then_some(&self.member)
    }

    /// Sets the referrer when none is known.
    pub fn set_referrer(&mut self, referrer: Option<UserId>) {
        self.member.referrer_id = self.member.referrer_id.or(referrer);
    }

    /// Takes a name over unless a newer one is known.
    pub fn set_name(&mut self, name: String, version: i64) {
        if self.member.name.is_none() || self.member.profile_version < version {
            self.member.name = Some(name);
            self.member.profile_version = version;
        }
    }

    /// Adds a completed payment to the net payments and decides the referral bonus.
    pub(super) fn complete(
        &mut self,
        payment: Payment,
        booking_number: &str,
        context: &Context,
    ) -> Result<PaymentCompleted, Refusal> {
        let plan = &context.plan;
        let first_booking = *self.member.first_booking_id.get_or_insert(payment.booking_id);
        let own_money = payment.own_money();
        let standing = self.set_net_paid(self.member.net_paid_paise.add(own_money)?, own_money, plan);
        let input = ReferralInput {
            amount: payment.amount_paise,
            method: payment.method,
            on_first_booking: first_booking == payment.booking_id,
            net_paid_before: standing.net_paid_before,
            net_paid_after: standing.net_paid_after,
        };
        let mut once = self.member.once_bonus();
        let referral_bonus = match self.member.referrer_id {
            Some(_) => plan.referral_bonus(payment.id, &input, &mut once)?,
            None => Money::ZERO,
        };
        self.member.set_once_bonus(once);
        Ok(PaymentCompleted {
            booking_number: booking_number.to_owned(),
            referrer_id: self.member.referrer_id,
            on_first_booking: input.on_first_booking,
            referral_bonus,
            is_bonus_once_a_member: plan.has_one_time_referral_bonus(),
            standing,
            plan_version: context.plan_version,
            completed_at: payment.completed_at.unwrap_or(context.occurred_at),
            payment,
        })
    }

    /// Subtracts a refunded payment from the net payments and decides the bonuses that end.
    pub(super) fn refund(&mut self, payment: &Payment, plan: &Plan) -> Result<(Standing, BonusReversal), Refusal> {
        let own_money = payment.own_money();
        let standing = self.set_net_paid(self.member.net_paid_paise.sub(own_money)?, own_money, plan);
        let mut once = self.member.once_bonus();
        let reversed = reverse_bonuses(payment.id, self.member.net_paid_paise, &mut once);
        self.member.set_once_bonus(once);
        Ok((standing, reversed))
    }

    /// Sets the net payments and, for the member's own money, the Active Buyer status. Nothing else changes these two.
    fn set_net_paid(&mut self, net_paid: Money, own_money: Money, plan: &Plan) -> Standing {
        let (net_paid_before, active_before) = (self.member.net_paid_paise, self.member.active_buyer);
        self.member.net_paid_paise = net_paid;
        if own_money.is_positive() {
            self.member.active_buyer = plan.is_active_buyer(net_paid);
        }
        self.member.standing_version += 1;
        Standing {
            net_paid_before,
            net_paid_after: net_paid,
            active_before,
            active_after: self.member.active_buyer,
            version: self.member.standing_version,
        }
    }
}
