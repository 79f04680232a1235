//! Bookings with their payments and instalments, and the buyers' accounts that payments change.
//!
//! [`BookingAggregate::apply`] and [`allocate_reserve`] are the only places where a status, a paid total, a member's
//! net payments, a bonus or an instalment changes. Each change is described by the events that they return.

mod allocation;
mod buyer;
mod change;
mod command;
mod entity;
mod event;
mod payoff;
mod preview;
mod reminding;

pub use allocation::allocate_reserve;
pub use buyer::BuyerAccount;
pub use command::{Command, Context, Delivery, NewBooking, NewPayment, ReceivedMoney, RefundTerms, Refusal};
pub use entity::{Booking, Instalment, Member, Payment, Reserve};
pub use event::{
    BookingEvent, ClawbackRequested, CreditSource, EmiApplied, PaymentCompleted, PaymentRef, PaymentRefunded,
    PaymentReturned, Standing,
};
pub use payoff::Payoff;
pub use preview::{PreviewedRefund, RefundPreview};

use super::booking::{BookingAmounts, check_booking_amount};
use super::received_money::{MoneyDecision, MoneyFacts, decide_money};
use super::stock::StockChange;
use super::{BookingStatus, PaymentStatus};
use change::Change;
use domain::{Money, MoneyError, PaymentId};

/// One booking with its open payments and its instalments, as stored and as changed since.
#[derive(Debug, Clone)]
pub struct BookingAggregate {
    state: BookingState,
    stored: BookingState,
}

/// A booking with its payments and instalments.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BookingState {
    booking: Booking,
    /// The pending and the completed payments, and the payment that the caller asked for.
    payments: Vec<Payment>,
    instalments: Vec<Instalment>,
}

/// What is to be saved of a booking.
#[derive(Debug, Clone)]
pub struct BookingChanges<'a> {
    pub booking: Option<&'a Booking>,
    pub changed_payments: Vec<&'a Payment>,
    pub new_payments: Vec<&'a Payment>,
    pub changed_instalments: Vec<&'a Instalment>,
    pub new_instalments: &'a [Instalment],
    /// The change of the vehicle's stock.
    pub stock: StockChange,
}

impl BookingChanges<'_> {
    pub fn is_empty(&self) -> bool {
        self.booking.is_none()
            && self.changed_payments.is_empty()
            && self.new_payments.is_empty()
            && self.changed_instalments.is_empty()
            && self.new_instalments.is_empty()
    }
}

impl BookingAggregate {
    /// A stored booking.
    pub fn new(booking: Booking, payments: Vec<Payment>, instalments: Vec<Instalment>) -> Self {
        let state = BookingState { booking, payments, instalments };
        Self { stored: state.clone(), state }
    }

    /// A new booking at the given price, with its EMI schedule when months are given. The caller inserts the booking
    /// row. Errors with `Booking` when the booking amount is out of range, and with `Emi`.
    pub fn open(new: NewBooking, context: &Context) -> Result<(Self, BookingEvent), Refusal> {
        check_booking_amount(new.booking_amount, context.plan.booking.minimum_amount, new.price)?;
        let booking = Booking {
            id: new.id,
            number: new.number,
            user_id: new.user_id,
            vehicle_id: new.vehicle_id,
            vehicle: new.vehicle,
            price_paise: new.price,
            booking_amount_paise: new.booking_amount,
            total_paid_paise: Money::ZERO,
            status: BookingStatus::PreBooked,
            emi_months: 0,
            emi_principal_paise: Money::ZERO,
            version: 1,
            reason: String::new(),
            created_at: context.now,
            confirmed_at: None,
            changed_at: context.now,
            stock_use: new.stock_use,
            delivered_on: None,
            vehicle_number: None,
            delivery_document_id: None,
            place_of_supply: new.place_of_supply,
        };
        let mut opened = Self::new(booking, Vec::new(), Vec::new());
        if let Some(months) = new.emi_months {
            opened.state.add_schedule(months, context)?;
        }
        opened.stored.booking.clone_from(&opened.state.booking);
        let event = opened.state.snapshot();
        Ok((opened, event))
    }

    /// Adds a stored payment of this booking, unless it is part of the aggregate already.
    pub fn add_stored_payment(&mut self, payment: Payment) {
        if self.payment(payment.id).is_err() && payment.booking_id == self.state.booking.id {
            self.stored.payments.push(payment.clone());
            self.state.payments.push(payment);
        }
    }

    pub fn booking(&self) -> &Booking {
        &self.state.booking
    }

    pub fn payments(&self) -> &[Payment] {
        &self.state.payments
    }

    pub fn instalments(&self) -> &[Instalment] {
        &self.state.instalments
    }

    /// The payment with this id. Errors with `UnknownPayment` when it is not part of this aggregate.
    pub fn payment(&self, id: PaymentId) -> Result<&Payment, Refusal> {
        self.state.payment(id)
    }

    /// Applies a command and returns the events that describe the change, in order. A command that was applied before
    /// changes nothing. Errors when the booking does not allow it; then nothing is changed either.
    pub fn apply(
        &mut self,
        buyer: &mut BuyerAccount,
        command: &Command<'_>,
        context: &Context,
    ) -> Result<Vec<BookingEvent>, Refusal> {
        let mut change = Change::begin(&self.state, buyer, context);
        change.execute(command)?;
        Ok(change.commit(&mut self.state, buyer))
    }

    /// Decides about money, without any change. Errors with `UnknownPayment`.
    pub fn decide_money(&self, money: &ReceivedMoney) -> Result<MoneyDecision, Refusal> {
        self.state.decide_money(money)
    }

    /// What differs from the stored rows.
    pub fn changes(&self) -> BookingChanges<'_> {
        let (state, stored) = (&self.state, &self.stored);
        let stored_payment = |p: &Payment| stored.payments.iter().find(|s| s.id == p.id);
        let (known, new_payments): (Vec<_>, Vec<_>) = state.payments.iter().partition(|p| stored_payment(p).is_some());
        let is_new_schedule = stored.instalments.is_empty();
        let (new_instalments, known_instalments): (&[Instalment], &[Instalment]) =
            if is_new_schedule { (&state.instalments, &[]) } else { (&[], &state.instalments) };
        BookingChanges {
            booking: (state.booking != stored.booking).then_some(&state.booking),
            changed_payments: known.into_iter().filter(|p| stored_payment(p) != Some(*p)).collect(),
            new_payments,
            changed_instalments: known_instalments.iter().filter(|i| !stored.instalments.contains(i)).collect(),
            new_instalments,
            stock: stored.booking.stock_use.change_to(state.booking.stock_use),
        }
    }

    /// Marks the changes as saved.
    pub fn mark_saved(&mut self) {
        self.stored.clone_from(&self.state);
    }
}

impl BookingState {
    fn payment(&self, id: PaymentId) -> Result<&Payment, Refusal> {
        self.payments.iter().find(|p| p.id == id).ok_or(Refusal::UnknownPayment)
    }

    fn payment_mut(&mut self, id: PaymentId) -> Result<&mut Payment, Refusal> {
        self.payments.iter_mut().find(|p| p.id == id).ok_or(Refusal::UnknownPayment)
    }

    /// The ids of the payments with this status.
    fn ids_in(&self, status: PaymentStatus) -> Vec<PaymentId> {
        self.payments.iter().filter(|p| p.status == status).map(|p| p.id).collect()
    }

    /// The booking's amounts, summed over its payments.
    fn amounts(&self) -> Result<BookingAmounts, MoneyError> {
        let sum = |status| Money::total(self.payments.iter().filter(|p| p.status == status).map(|p| p.amount_paise));
        Ok(BookingAmounts {
            price: self.booking.price_paise,
            booking_amount: self.booking.booking_amount_paise,
            completed: sum(PaymentStatus::Completed)?,
            pending: sum(PaymentStatus::Pending)?,
        })
    }

    fn decide_money(&self, money: &ReceivedMoney) -> Result<MoneyDecision, Refusal> {
        let payment = self.payment(money.payment)?;
        let mut amounts = self.amounts()?;
        if payment.status == PaymentStatus::Pending {
            amounts.pending = amounts.pending.minus_or_zero(payment.amount_paise);
        }
        Ok(decide_money(&MoneyFacts {
            source: money.source,
            received: money.amount,
            payment: payment.status,
            amount: payment.amount_paise,
            was_returned: payment.returned_at.is_some(),
            booking: self.booking.status,
            payable: amounts.payable(),
            unit: money.unit,
        }))
    }

    fn snapshot(&self) -> BookingEvent {
        BookingEvent::BookingChanged { booking: self.booking.clone(), instalments: self.instalments.clone() }
    }
}

#[cfg(test)]
mod tests;
