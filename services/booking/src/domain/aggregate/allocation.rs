//! Allocation of an EMI reserve to the bookings of its member.

use super::change::Change;
use super::command::{Context, ReceivedMoney, Refusal};
use super::entity::{Payment, Reserve};
use super::event::{BookingEvent, EmiApplied, PaymentRef};
use super::{BookingAggregate, BookingState, BuyerAccount};
use crate::domain::received_money::{MoneyDecision, MoneySource};
use crate::domain::reserve::{Allocation, BookingDues, UnpaidInstalment, allocate, should_release};
use domain::{MoneyError, PaymentMethod};

/// Allocates what waits of a reserve to the member's bookings, oldest first, and releases the rest when every live
/// booking is paid. Returns the events, in order. Errors on overflow; the caller then discards its values.
pub fn allocate_reserve(
    buyer: &mut BuyerAccount,
    bookings: &mut [BookingAggregate],
    reserve: &mut Reserve,
    context: &Context,
) -> Result<Vec<BookingEvent>, Refusal> {
    let dues = bookings.iter().map(|b| booking_dues(&b.state)).collect::<Result<Vec<_>, _>>()?;
    let allocations = allocate(reserve.waiting_paise, &dues);
    let mut events = Vec::new();
    for (index, booking) in bookings.iter_mut().enumerate() {
        let own: Vec<Allocation> = allocations.iter().filter(|a| a.booking == index).copied().collect();
        if own.is_empty() {
            continue;
        }
        let mut change = Change::begin(&booking.state, buyer, context);
        for allocation in &own {
            change.apply_part(reserve, *allocation)?;
        }
        change.recalculate()?;
        events.extend(change.commit(&mut booking.state, buyer));
    }
    let is_released = should_release(bookings.iter().map(|b| b.state.booking.status));
    if reserve.waiting_paise.is_positive() && is_released {
        events.push(release_rest(reserve, context)?);
    }
    Ok(events)
}

fn booking_dues(state: &BookingState) -> Result<BookingDues, MoneyError> {
    let unpaid = state.instalments.iter().map(|i| UnpaidInstalment { n: i.n, due_on: i.due_on, amount: i.unpaid() });
    Ok(BookingDues {
        status: state.booking.status,
        payable: state.amounts()?.payable(),
        unpaid: unpaid.filter(|u| u.amount.is_positive()).collect(),
    })
}

impl Change<'_> {
    /// Makes a completed payment of a part of a reserve. A part that the booking does not accept keeps waiting.
    fn apply_part(&mut self, reserve: &mut Reserve, allocation: Allocation) -> Result<(), Refusal> {
        let (booking, now) = (&self.state.booking, self.context.now);
        let id = (self.context.fresh_id)().into();
        let mut payment = Payment::pending(id, booking, allocation.amount, PaymentMethod::EmiDeduction, now);
        payment.reserve_id = Some(reserve.reserve_id);
        let money = ReceivedMoney::new(payment.id, MoneySource::Reserve, allocation.amount);
        let applied = EmiApplied {
            application_id: (self.context.fresh_id)().into(),
            reserve_id: reserve.reserve_id,
            payment: PaymentRef::new(&payment, &booking.number),
            amount: allocation.amount,
            instalment: allocation.instalment,
            applied_at: now,
        };
        self.state.payments.push(payment);
        if self.state.decide_money(&money)? != MoneyDecision::Complete {
            self.state.payments.pop();
            return Ok(());
        }
        self.complete(&money)?;
        reserve.waiting_paise = reserve.waiting_paise.sub(allocation.amount)?;
        reserve.applied_paise = reserve.applied_paise.add(allocation.amount)?;
        self.events.push(BookingEvent::EmiApplied(applied));
        Ok(())
    }
}

fn release_rest(reserve: &mut Reserve, context: &Context) -> Result<BookingEvent, Refusal> {
    let amount = reserve.waiting_paise;
    reserve.waiting_paise = reserve.waiting_paise.sub(amount)?;
    reserve.released_paise = reserve.released_paise.add(amount)?;
    Ok(BookingEvent::EmiReleased {
        release_id: (context.fresh_id)().into(),
        reserve_id: reserve.reserve_id,
        user_id: reserve.user_id,
        amount,
        at: context.now,
    })
}
