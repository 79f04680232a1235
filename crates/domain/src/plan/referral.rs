//! What a referred member's payments earn their referrer, and what refunds take back of it, one after the other.

use super::{Plan, PlanError, Referral};
use crate::id::PaymentId;
use crate::money::{Money, Rounding};
use crate::words::PaymentMethod;

/// Everything a referral bonus depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferralInput {
    pub amount: Money,
    pub method: PaymentMethod,
    /// Whether the payment is on the booking that received the member's first completed payment.
    pub on_first_booking: bool,
    /// The payer's net payments before and after this payment.
    pub net_paid_before: Money,
    pub net_paid_after: Money,
}

/// A bonus that is owed once for a referred member, while it stands: which payment earned it, and the net payments that
/// it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnceBonus {
    pub payment_id: PaymentId,
    pub threshold: Money,
}

/// Whose referral bonuses a refund takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenBack {
    /// That of the refunded payment, if it has one.
    pub own: bool,
    /// That of another payment.
    pub other: Option<PaymentId>,
}

impl Plan {
    /// What the payer's referrer earns from one completed payment; zero where nothing is earned. `once` is the bonus
    /// that stands for the payer already.
    pub fn referral_bonus(
        &self,
        payment_id: PaymentId,
        input: &ReferralInput,
        once: &mut Option<OnceBonus>,
    ) -> Result<Money, PlanError> {
        if !input.method.is_new_money() {
            return Ok(Money::ZERO);
        }
        match &self.referral {
            Referral::PercentOfFirstBooking { rate } if input.on_first_booking => {
                Ok(input.amount.at(*rate, Rounding::HalfUp)?)
            }
            Referral::OnceAtThreshold { threshold, amount }
                if once.is_none() && input.net_paid_before < *threshold && input.net_paid_after >= *threshold =>
            {
                *once = amount.is_positive().then_some(OnceBonus { payment_id, threshold: *threshold });
                Ok(*amount)
            }
            Referral::PercentOfFirstBooking { .. } | Referral::OnceAtThreshold { .. } => Ok(Money::ZERO),
        }
    }
}

/// What goes with a refund that leaves the payer with `net_paid`. A bonus for one payment goes with it. One that is owed
/// once goes when the payer has no longer paid what it is for, whichever payment was refunded, and only then.
pub fn taken_back(refunded: PaymentId, net_paid: Money, once: &mut Option<OnceBonus>) -> TakenBack {
    match *once {
        None => TakenBack { own: true, other: None },
        Some(standing) if net_paid < standing.threshold => {
            *once = None;
            TakenBack { own: true, other: Some(standing.payment_id).filter(|id| *id != refunded) }
        }
        Some(standing) => TakenBack { own: standing.payment_id != refunded, other: None },
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
        once: Option<OnceBonus>,
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
            let TakenBack { own, other } = taken_back(payment(n), self.net_paid, &mut self.once);
            (own, other)
        }
    }

    #[test]
    fn only_new_money_on_the_first_booking_earns_a_part_of_it() {
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
        assert_eq!(taken_back(payment(1), Money::ZERO, &mut None), TakenBack { own: true, other: None });
    }

    #[test]
    fn a_bonus_that_is_owed_once_is_earned_by_new_money_that_reaches_the_threshold() {
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
    fn it_stands_as_long_as_the_member_has_paid_what_it_is_for_whichever_payment_is_refunded() {
        let thousand = Money::from_rupees(1_000);
        let start = || {
            let mut member = Member::default();
            member.pay(1, 499_900, PaymentMethod::Online);
            assert_eq!(member.pay(2, 100, PaymentMethod::Online), thousand);
            member
        };
        // The first payment goes: the bonus of the second goes with it, and can be earned again.
        let mut member = start();
        assert_eq!(member.refund(1, 499_900), (true, Some(payment(2))));
        assert_eq!(member.pay(3, 499_900, PaymentMethod::Online), thousand);
        assert_eq!(member.refund(2, 100), (true, Some(payment(3))));
        // The payment that earned it goes, and what is left is enough.
        let mut member = start();
        assert_eq!(member.pay(3, 100, PaymentMethod::Online), Money::ZERO);
        assert_eq!(member.refund(2, 100), (false, None));
        assert_eq!(member.refund(3, 100), (true, Some(payment(2))));
        assert_eq!(member.refund(1, 499_900), (true, None));
        // The payment that earned it goes, and what is left is not enough.
        let mut member = start();
        assert_eq!(member.refund(2, 100), (true, None));
        assert_eq!(member.once, None);
    }
}
