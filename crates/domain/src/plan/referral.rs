//! Referral bonuses of payments, and their reversal by refunds.

use super::{Plan, PlanError, ReferralTerms};
use crate::id::PaymentId;
use crate::money::{Money, Rounding};
use crate::vocabulary::PaymentMethod;

/// Inputs of a referral bonus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferralInput {
    /// Amount of the payment.
    pub amount: Money,
    /// How it was paid.
    pub method: PaymentMethod,
    /// Whether the payment is on the booking that received the member's first completed payment.
    pub on_first_booking: bool,
    /// The payer's net payments before this payment.
    pub net_paid_before: Money,
    /// The payer's net payments after this payment.
    pub net_paid_after: Money,
}

/// A one-time bonus for a referred member that was earned and not reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneTimeBonus {
    /// The payment that earned it.
    pub payment_id: PaymentId,
    /// Net payments below which it is reversed.
    pub threshold: Money,
}

/// Referral bonuses that a refund reverses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BonusReversal {
    /// Whether the bonus of the refunded payment, if any, is reversed.
    pub own: bool,
    /// Another payment whose bonus is reversed.
    pub other: Option<PaymentId>,
}

impl Plan {
    /// The referrer's bonus for one completed payment, or zero. `once` is the payer's one-time bonus; it is set when
    /// this payment earns it. Errors when an amount is out of range.
    pub fn referral_bonus(
        &self,
        payment_id: PaymentId,
        input: &ReferralInput,
        once: &mut Option<OneTimeBonus>,
    ) -> Result<Money, PlanError> {
        if !input.method.is_new_money() {
            return Ok(Money::ZERO);
        }
        match &self.referral {
            ReferralTerms::PercentOfFirstBooking { rate } if input.on_first_booking => {
                Ok(input.amount.at(*rate, Rounding::HalfUp)?)
            }
            ReferralTerms::OnceAtThreshold { threshold, amount }
                if once.is_none() && input.net_paid_before < *threshold && input.net_paid_after >= *threshold =>
            {
                *once = amount.is_positive().then_some(OneTimeBonus { payment_id, threshold: *threshold });
                Ok(*amount)
            }
            ReferralTerms::PercentOfFirstBooking { .. } | ReferralTerms::OnceAtThreshold { .. } => Ok(Money::ZERO),
        }
    }
}

/// Decides which bonuses a refund reverses, where `net_paid` is what the payer has paid after it.
///
/// A bonus for a single payment is reversed with that payment. A one-time bonus is reversed when `net_paid` falls below
/// its threshold, whichever payment was refunded; `once` is then cleared.
pub fn reverse_bonuses(refunded: PaymentId, net_paid: Money, once: &mut Option<OneTimeBonus>) -> BonusReversal {
    match *once {
        None => BonusReversal { own: true, other: None },
        Some(bonus) if net_paid < bonus.threshold => {
            *once = None;
            BonusReversal { own: true, other: Some(bonus.payment_id).filter(|id| *id != refunded) }
        }
        Some(bonus) => BonusReversal { own: bonus.payment_id != refunded, other: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment(n: u128) -> PaymentId {
        PaymentId::from(uuid::Uuid::from_u128(n))
    }

    fn paid(amount: i64, method: PaymentMethod, on_first_booking: bool) -> ReferralInput {
        ReferralInput {
            amount: Money::from_rupees(amount),
            method,
            on_first_booking,
            net_paid_before: Money::ZERO,
            net_paid_after: Money::from_rupees(amount),
        }
    }

    /// One member's payments and refunds under the `fixed` plan.
    #[derive(Default)]
    struct Member {
        net_paid: Money,
        once: Option<OneTimeBonus>,
    }

    impl Member {
        fn pay(&mut self, n: u128, paise: i64, method: PaymentMethod) -> Money {
            let net_paid_before = self.net_paid;
            let amount = Money::from_paise(paise);
            self.net_paid = net_paid_before.add(amount).expect("in range");
            let input = ReferralInput {
                amount,
                method,
                on_first_booking: true,
                net_paid_before,
                net_paid_after: self.net_paid,
            };
            Plan::fixed().referral_bonus(payment(n), &input, &mut self.once).expect("in range")
        }
        fn refund(&mut self, n: u128, paise: i64) -> (bool, Option<PaymentId>) {
            self.net_paid = self.net_paid.sub(Money::from_paise(paise)).expect("in range");
            let BonusReversal { own, other } = reverse_bonuses(payment(n), self.net_paid, &mut self.once);
            (own, other)
        }
    }

    #[test]
    fn only_new_money_on_the_first_booking_earns_a_percentage() {
        let plan = Plan::seed();
        let bonus = |input| plan.referral_bonus(payment(1), &input, &mut None).expect("in range");
        assert_eq!(bonus(paid(500, PaymentMethod::Online, true)), Money::from_rupees(25));
        assert_eq!(bonus(paid(4_500, PaymentMethod::BankTransfer, true)), Money::from_rupees(225));
        assert_eq!(bonus(paid(500, PaymentMethod::Cash, true)), Money::from_rupees(25));
        for input in [
            paid(500, PaymentMethod::Wallet, true),
            paid(500, PaymentMethod::EmiDeduction, true),
            paid(500, PaymentMethod::Online, false),
        ] {
            assert_eq!(bonus(input), Money::ZERO);
        }
        assert_eq!(reverse_bonuses(payment(1), Money::ZERO, &mut None), BonusReversal { own: true, other: None });
    }

    #[test]
    fn a_one_time_bonus_is_earned_when_new_money_reaches_the_threshold() {
        let thousand = Money::from_rupees(1_000);
        let mut member = Member::default();
        assert_eq!(member.pay(1, 499_999, PaymentMethod::Online), Money::ZERO);
        assert_eq!(member.pay(2, 1, PaymentMethod::Cash), thousand);
        assert_eq!(member.pay(3, 500_000, PaymentMethod::Online), Money::ZERO);
        for (second, bonus) in [(PaymentMethod::BankTransfer, thousand), (PaymentMethod::Wallet, Money::ZERO)] {
            let mut member = Member::default();
            assert_eq!(member.pay(1, 450_000, PaymentMethod::Online), Money::ZERO);
            assert_eq!(member.pay(2, 50_000, second), bonus);
            assert_eq!(member.pay(3, 50_000, PaymentMethod::Online), Money::ZERO);
        }
    }

    #[test]
    fn a_one_time_bonus_is_reversed_only_when_net_payments_fall_below_its_threshold() {
        let thousand = Money::from_rupees(1_000);
        let start = || {
            let mut member = Member::default();
            member.pay(1, 499_900, PaymentMethod::Online);
            assert_eq!(member.pay(2, 100, PaymentMethod::Online), thousand);
            member
        };
        // The first payment is refunded: the bonus of the second is reversed and can be earned again.
        let mut member = start();
        assert_eq!(member.refund(1, 499_900), (true, Some(payment(2))));
        assert_eq!(member.pay(3, 499_900, PaymentMethod::Online), thousand);
        assert_eq!(member.refund(2, 100), (true, Some(payment(3))));
        // The payment that earned it is refunded, and the remaining payments reach the threshold.
        let mut member = start();
        assert_eq!(member.pay(3, 100, PaymentMethod::Online), Money::ZERO);
        assert_eq!(member.refund(2, 100), (false, None));
        assert_eq!(member.refund(3, 100), (true, Some(payment(2))));
        assert_eq!(member.refund(1, 499_900), (true, None));
        // The payment that earned it is refunded, and the remaining payments do not reach the threshold.
        let mut member = start();
        assert_eq!(member.refund(2, 100), (true, None));
        assert_eq!(member.once, None);
    }
}
