//! Remainder of a booking: what is left to pay, by instalment.

use super::{BookingAggregate, Instalment};
use crate::domain::PaymentStatus;
use crate::domain::aggregate::Refusal;
use crate::domain::booking::check_open;
use domain::{Money, MoneyError};

/// What is left to pay of a booking, and what paying all of it today takes. There is no interest, so an early payment
/// costs what the instalments do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payoff {
    pub remaining: Money,
    /// Payments that are not confirmed yet, without an open online order.
    pub pending: Money,
    /// The amount of the open online order, which a new one replaces.
    pub open_order: Money,
    /// The part of `remaining` that is in no instalment.
    pub unscheduled: Money,
    pub instalments: Vec<Instalment>,
}

impl Payoff {
    /// The highest amount of a new payment by cash, bank transfer or wallet.
    pub fn payable(&self) -> Money {
        self.payable_online().minus_or_zero(self.open_order)
    }
    /// The highest amount of a new online payment.
    pub fn payable_online(&self) -> Money {
        self.remaining.minus_or_zero(self.pending)
    }
    /// The unpaid part of the instalments that are overdue.
    pub fn overdue(&self) -> Result<Money, MoneyError> {
        use crate::domain::InstalmentStatus::Overdue;
        Money::total(self.instalments.iter().filter(|i| i.status == Overdue).map(Instalment::unpaid))
    }
}

impl BookingAggregate {
    /// What is left to pay. The instalments that are not paid add up to it, with the part that is in none. Errors when
    /// the booking does not accept payments.
    pub fn payoff(&self) -> Result<Payoff, Refusal> {
        let state = &self.state;
        check_open(state.booking.status)?;
        let amounts = state.amounts()?;
        let is_open_order = |p: &&super::Payment| p.open_order_of.is_some() && p.status == PaymentStatus::Pending;
        let open_order = Money::total(state.payments.iter().filter(is_open_order).map(|p| p.amount_paise))?;
        let instalments: Vec<Instalment> =
            state.instalments.iter().filter(|i| i.unpaid().is_positive()).cloned().collect();
        let remaining = amounts.remaining();
        let scheduled = Money::total(instalments.iter().map(Instalment::unpaid))?;
        Ok(Payoff {
            remaining,
            pending: amounts.pending.minus_or_zero(open_order),
            open_order,
            unscheduled: remaining.minus_or_zero(scheduled),
            instalments,
        })
    }
}
