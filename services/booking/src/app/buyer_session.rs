//! Session on one buyer: the locked account and bookings, the commands applied to them, and the one way to save them.
//!
//! A use case locks and loads, applies commands, and finishes. Several sessions are saved with one statement a table.

use super::plan_versions::{PlanInForce, plan_in_force};
use super::{locked_rows, outgoing_events, stock};
use crate::domain::aggregate::{
    Booking, BookingAggregate, BookingChanges, BookingEvent, BuyerAccount, Command, Context, Instalment, Member,
    Payment, PaymentRefunded, Refusal, Reserve, allocate_reserve,
};
use crate::domain::refund::RefundState;
use crate::error::BookingError;
use crate::store::refunds::{self, Refund};
use crate::store::{bookings, instalments, members, payments, reserves};
use db::DbConnection;
use domain::{BookingId, PaymentId, Timestamp, UserId};
use runtime::id;

/// One buyer's locked account and bookings, with the events of the commands that were applied to them.
pub(super) struct BuyerSession {
    pub(super) buyer: BuyerAccount,
    bookings: Vec<BookingAggregate>,
    context: Context,
    events: Vec<BookingEvent>,
    /// Refunds that are not inserted yet.
    refunds: Vec<Refund>,
}

impl BuyerSession {
    /// Locks the member row, which is created when absent, and loads the plan in force at `at`.
    pub(super) async fn lock(c: &mut DbConnection, user_id: UserId, at: Timestamp) -> Result<Self, BookingError> {
        let member = members::lock(c, user_id).await?;
        Ok(Self::new(member, Vec::new(), (at, at), plan_in_force(c, at).await?))
    }

    /// As [`BuyerSession::lock`], with the booking and one payment of it in any status.
    pub(super) async fn lock_payment(
        c: &mut DbConnection,
        payment: &Payment,
        at: Timestamp,
    ) -> Result<Self, BookingError> {
        let mut session = Self::lock(c, payment.user_id, at).await?;
        session.bookings.push(locked_rows::lock_with_payment(c, payment.booking_id, payment.id).await?);
        Ok(session)
    }

    /// As [`BuyerSession::lock`], with the booking. Errors with `NotFound` when the booking does not exist.
    pub(super) async fn lock_booking(c: &mut DbConnection, id: BookingId, at: Timestamp) -> Result<Self, BookingError> {
        let owner = bookings::find_owner(c, id).await?.ok_or(BookingError::NotFound)?;
        let mut session = Self::lock(c, owner, at).await?;
        session.bookings.push(locked_rows::lock(c, id).await?);
        Ok(session)
    }

    /// Loads a booking with its open payments, its instalments and its buyer without locks, for a preview, which never
    /// finishes. `payment` is one of the booking in any status. Errors with `NotFound` when the booking does not exist.
    pub(super) async fn read(
        c: &mut DbConnection,
        id: BookingId,
        payment: Option<&Payment>,
        at: Timestamp,
    ) -> Result<Self, BookingError> {
        let booking: Booking = bookings::find(c, id).await?.ok_or(BookingError::NotFound)?;
        let user_id = booking.user_id;
        let payments = payments::list_open(c, id).await?;
        let instalments = if booking.emi_months > 0 { instalments::list_for_booking(c, id).await? } else { Vec::new() };
        let mut booking = BookingAggregate::new(booking, payments, instalments);
        if let Some(payment) = payment {
            booking.add_stored_payment(payment.clone());
        }
        let member = members::find(c, user_id).await?.unwrap_or_else(|| Member::new(user_id));
        Ok(Self::new(member, vec![booking], (at, at), plan_in_force(c, at).await?))
    }

    /// Wraps rows that are locked already: the cause happened at the first time under `plan`, the change takes effect
    /// at the second one.
    pub(super) fn new(
        member: Member,
        bookings: Vec<BookingAggregate>,
        (occurred_at, now): (Timestamp, Timestamp),
        plan: PlanInForce,
    ) -> Self {
        let (plan_version, plan) = plan;
        let context = Context { occurred_at, now, plan, plan_version, fresh_id: id::fresh };
        Self { buyer: BuyerAccount::new(member), bookings, context, events: Vec::new(), refunds: Vec::new() }
    }

    /// Sets the time of the cause and loads the plan in force then.
    pub(super) async fn set_occurred_at(&mut self, c: &mut DbConnection, at: Timestamp) -> Result<(), BookingError> {
        if at != self.context.occurred_at {
            (self.context.plan_version, self.context.plan) = plan_in_force(c, at).await?;
            self.context.occurred_at = at;
        }
        Ok(())
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// The loaded booking with this id. Errors with `NotFound` when it is not loaded.
    pub(super) fn booking(&self, id: BookingId) -> Result<&BookingAggregate, BookingError> {
        self.bookings.iter().find(|b| b.booking().id == id).ok_or(BookingError::NotFound)
    }

    /// A payment of the loaded bookings. Errors with `NotFound`.
    pub(super) fn payment(&self, id: PaymentId) -> Result<&Payment, BookingError> {
        self.bookings.iter().find_map(|b| b.payment(id).ok()).ok_or(BookingError::NotFound)
    }

    /// Adds a booking that was just opened and inserted, with its first event.
    pub(super) fn add_opened(&mut self, booking: BookingAggregate, opened: BookingEvent) {
        self.bookings.push(booking);
        self.events.push(opened);
    }

    /// Applies a command to a loaded booking. Errors with `NotFound`, and with the refusal of the command.
    pub(super) fn apply(&mut self, id: BookingId, command: &Command<'_>) -> Result<(), BookingError> {
        let found = self.bookings.iter_mut().find(|b| b.booking().id == id).ok_or(BookingError::NotFound)?;
        let events = found.apply(&mut self.buyer, command, &self.context)?;
        let new_refund = |event: &BookingEvent| {
            let BookingEvent::PaymentRefunded(refunded) = event else { return None };
            Some(refund_row(refunded))
        };
        self.refunds.extend(events.iter().filter_map(new_refund));
        self.events.extend(events);
        Ok(())
    }

    /// Allocates what waits of a reserve to the loaded bookings, which are all of the member.
    pub(super) fn allocate(&mut self, reserve: &mut Reserve) -> Result<(), Refusal> {
        self.events.extend(allocate_reserve(&mut self.buyer, &mut self.bookings, reserve, &self.context)?);
        Ok(())
    }

    /// Whether anything is left to save or to publish.
    pub(super) fn is_changed(&self) -> bool {
        let is_saved = self.buyer.changed().is_none() && self.events.is_empty();
        !is_saved || self.bookings.iter().any(|b| !b.changes().is_empty())
    }

    /// Saves the bookings before the end of the session, for what reads the stored rows.
    pub(super) async fn save_bookings(&mut self, c: &mut DbConnection) -> Result<(), BookingError> {
        save_bookings(c, std::slice::from_mut(self)).await
    }

    /// Ends the session: when it changed anything, applies the member's waiting EMI reserves to what became payable,
    /// saves and publishes.
    pub(super) async fn finish(self, c: &mut DbConnection) -> Result<(), BookingError> {
        if self.is_changed() { self.finish_with_reserves(c).await } else { Ok(()) }
    }

    /// As [`BuyerSession::finish`], also when only a reserve was added.
    pub(super) async fn finish_with_reserves(mut self, c: &mut DbConnection) -> Result<(), BookingError> {
        let user_id = self.buyer.member().user_id;
        let mut waiting = reserves::lock_waiting_for_member(c, user_id).await?;
        if !waiting.is_empty() {
            self.save_bookings(c).await?;
            self.bookings = locked_rows::lock_for_members(c, &[user_id]).await?.remove(&user_id).unwrap_or_default();
            let stored = waiting.clone();
            for reserve in &mut waiting {
                self.allocate(reserve)?;
            }
            waiting.retain(|reserve| !stored.contains(reserve));
            reserves::save_all(c, &waiting).await?;
        }
        save_all(c, vec![self]).await
    }
}

/// Saves what changed in the sessions, and publishes their events. Their members have no waiting EMI reserve.
pub(super) async fn save_all(c: &mut DbConnection, mut sessions: Vec<BuyerSession>) -> Result<(), BookingError> {
    save_bookings(c, &mut sessions).await?;
    let members: Vec<&Member> = sessions.iter().filter_map(|s| s.buyer.changed()).collect();
    members::save_all(c, &members).await?;
    let events: Vec<BookingEvent> = sessions.into_iter().flat_map(|s| s.events).collect();
    outgoing_events::publish(c, &events).await
}

/// Saves the changed bookings with their payments, refunds and instalments.
async fn save_bookings(c: &mut DbConnection, sessions: &mut [BuyerSession]) -> Result<(), BookingError> {
    let refunds: Vec<Refund> = sessions.iter_mut().flat_map(|s| std::mem::take(&mut s.refunds)).collect();
    let changes: Vec<BookingChanges<'_>> =
        sessions.iter().flat_map(|s| &s.bookings).map(BookingAggregate::changes).collect();
    // Changed payments come first: an order that is superseded makes room for the new one.
    let changed: Vec<&Payment> = changes.iter().flat_map(|b| &b.changed_payments).copied().collect();
    payments::save_all(c, &changed).await?;
    let new: Vec<&Payment> = changes.iter().flat_map(|b| &b.new_payments).copied().collect();
    payments::insert_all(c, &new).await?;
    refunds::insert_all(c, refunds).await?;
    let new: Vec<&Instalment> = changes.iter().flat_map(|b| b.new_instalments).collect();
    instalments::insert_all(c, &new).await?;
    let changed: Vec<&Instalment> = changes.iter().flat_map(|b| &b.changed_instalments).copied().collect();
    instalments::save_all(c, &changed).await?;
    let changed: Vec<&Booking> = changes.iter().filter_map(|b| b.booking).collect();
    bookings::save_all(c, &changed).await?;
    let used = changes.iter().filter_map(|b| Some((b.booking?.vehicle_id, b.stock)));
    stock::apply_changes(c, used).await?;
    drop(changes);
    sessions.iter_mut().flat_map(|s| &mut s.bookings).for_each(BookingAggregate::mark_saved);
    Ok(())
}

fn refund_row(refunded: &PaymentRefunded) -> Refund {
    let PaymentRefunded { payment, to, refunded_at, .. } = refunded;
    let state = RefundState::requested(payment.amount_paise, *to, payment.gateway);
    Refund {
        id: refunded.refund_id,
        payment_id: payment.id,
        booking_id: payment.booking_id,
        user_id: payment.user_id,
        amount_paise: payment.amount_paise,
        refund_to: *to,
        status: state.status,
        reason: refunded.reason.clone(),
        gateway_refund_id: None,
        attempts: 0,
        requested_at: *refunded_at,
        settled_at: state.is_final().then_some(*refunded_at),
        refused: false,
        confirmed_paise: state.confirmed,
        credited_paise: state.credited,
        unknown_since: None,
        next_attempt_at: *refunded_at,
        requested_by: refunded.requested_by,
        proposed_resolution: None,
        proposed_reference: None,
        proposed_reason: None,
        proposed_by: None,
        proposed_at: None,
    }
}
