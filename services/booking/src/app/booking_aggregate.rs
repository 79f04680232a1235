//! Booking aggregate: one locked booking with its payments and instalments.

use crate::domain::booking::{BookingAmounts, BookingCommand, BookingTransition, decide_transition};
use crate::domain::payment::{self, PaymentCommand, PaymentTransition};
use crate::domain::{BookingStatus, PaymentStatus, emi};
use crate::error::BookingError;
use crate::store::bookings::{self, Booking};
use crate::store::instalments::{self, Instalment};
use crate::store::payments::{self, Payment};
use db::DbConnection;
use domain::{BookingId, Money, MoneyError, PaymentId, Timestamp, UserId};
use proto_events::booking::v1 as event;
use std::collections::BTreeMap;

/// A locked booking with its open payments and its instalments.
#[derive(Debug, Clone)]
pub struct BookingAggregate {
    pub booking: Booking,
    /// The pending and the completed payments, and the payment that the caller asked for.
    pub payments: Vec<Payment>,
    pub instalments: Vec<Instalment>,
    /// The instalments as stored, so that only changed rows are written.
    stored: Vec<Instalment>,
}

impl BookingAggregate {
    /// Locks a booking and its open payments. The caller has locked the member row. Errors with `NotFound` when the
    /// booking does not exist.
    pub async fn lock(c: &mut DbConnection, id: BookingId) -> Result<Self, BookingError> {
        let booking = bookings::lock(c, id).await?;
        Self::from_locked(c, vec![booking]).await?.pop().ok_or(BookingError::NotFound)
    }

    /// As [`BookingAggregate::lock`], with one payment of the booking in any status.
    pub async fn lock_with_payment(
        c: &mut DbConnection,
        id: BookingId,
        payment: PaymentId,
    ) -> Result<Self, BookingError> {
        let mut aggregate = Self::lock(c, id).await?;
        if aggregate.payment(payment).is_err() {
            let found = payments::lock(c, payment).await?;
            if found.booking_id == id {
                aggregate.payments.push(found);
            }
        }
        Ok(aggregate)
    }

    /// Wraps a booking that is locked already, with its open payments and its instalments.
    pub(crate) fn new(booking: Booking, payments: Vec<Payment>, instalments: Vec<Instalment>) -> Self {
        Self { booking, payments, stored: instalments.clone(), instalments }
    }

    /// Locks every booking of these members, oldest first, with one query a table. The caller has locked the member
    /// rows.
    pub(super) async fn lock_for_members(
        c: &mut DbConnection,
        users: &[UserId],
    ) -> Result<BTreeMap<UserId, Vec<Self>>, BookingError> {
        if users.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = bookings::lock_for_members(c, users).await?;
        Ok(Self::from_locked(c, found).await?.into_iter().fold(BTreeMap::new(), |mut all, aggregate| {
            all.entry(aggregate.booking.user_id).or_insert_with(Vec::new).push(aggregate);
            all
        }))
    }

    /// Loads the payments and instalments of bookings that are locked already, with one query a table. Keeps their
    /// order.
    pub(super) async fn from_locked(c: &mut DbConnection, found: Vec<Booking>) -> Result<Vec<Self>, BookingError> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<BookingId> = found.iter().map(|b| b.id).collect();
        let payments = payments::lock_open_for_bookings(c, &ids).await?;
        let with_emi: Vec<BookingId> = found.iter().filter(|b| b.emi_months > 0).map(|b| b.id).collect();
        let instalments =
            if with_emi.is_empty() { Vec::new() } else { instalments::list_for_bookings(c, &with_emi).await? };
        let aggregate = |booking: Booking| {
            let payments = payments.iter().filter(|p| p.booking_id == booking.id).cloned().collect();
            let instalments = instalments.iter().filter(|i| i.booking_id == booking.id).cloned().collect();
            Self::new(booking, payments, instalments)
        };
        Ok(found.into_iter().map(aggregate).collect())
    }

    /// As [`BookingAggregate::save`] for several bookings.
    pub(super) async fn save_all(c: &mut DbConnection, aggregates: Vec<Self>) -> Result<(), BookingError> {
        let mut found = Vec::with_capacity(aggregates.len());
        for mut aggregate in aggregates {
            aggregate.save_instalments(c).await?;
            found.push(aggregate.booking);
        }
        Ok(bookings::save_all(c, found).await?)
    }

    /// The payment with this id. Errors with `NotFound` when it is not part of this aggregate.
    pub fn payment(&self, id: PaymentId) -> Result<&Payment, BookingError> {
        self.payments.iter().find(|p| p.id == id).ok_or(BookingError::NotFound)
    }

    /// As [`BookingAggregate::payment`], mutable.
    pub(crate) fn payment_mut(&mut self, id: PaymentId) -> Result<&mut Payment, BookingError> {
        self.payments.iter_mut().find(|p| p.id == id).ok_or(BookingError::NotFound)
    }

    /// Fails or supersedes a payment that is not completed, without saving it. Returns whether it changed. `reason` is
    /// cut to 100 characters. Errors with `Payment` when its status does not allow the command.
    pub(super) fn apply_closing(
        &mut self,
        id: PaymentId,
        command: PaymentCommand,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, BookingError> {
        let closed = self.payment_mut(id)?;
        let PaymentTransition::To(next) = payment::decide_transition(closed.status, command)? else { return Ok(false) };
        closed.status = next;
        closed.reason = reason.chars().take(100).collect();
        closed.open_order_of = None;
        closed.closed_at = Some(now);
        Ok(true)
    }

    /// The ids of the payments with this status.
    pub fn payment_ids_in(&self, status: PaymentStatus) -> Vec<PaymentId> {
        self.payments.iter().filter(|p| p.status == status).map(|p| p.id).collect()
    }

    /// The booking's amounts, summed over its payments.
    pub fn amounts(&self) -> Result<BookingAmounts, MoneyError> {
        let sum = |status| Money::total(self.payments.iter().filter(|p| p.status == status).map(|p| p.amount_paise));
        Ok(BookingAmounts {
            price: self.booking.price_paise,
            booking_amount: self.booking.booking_amount_paise,
            completed: sum(PaymentStatus::Completed)?,
            pending: sum(PaymentStatus::Pending)?,
        })
    }

    /// Applies a command to the booking's status. Returns whether the status changed. Errors with `Booking` when the
    /// current status does not allow the command.
    pub fn apply(&mut self, command: BookingCommand) -> Result<bool, BookingError> {
        match decide_transition(self.booking.status, command, &self.amounts()?)? {
            BookingTransition::Unchanged => Ok(false),
            BookingTransition::To(next) => {
                self.booking.status = next;
                Ok(true)
            }
        }
    }

    /// Recalculates status, paid total and instalments from the payments. `at` is the time of the cause, stored as
    /// `confirmed_at` of a booking that becomes confirmed.
    pub fn recalculate(&mut self, at: Timestamp, now: Timestamp) -> Result<(), BookingError> {
        self.booking.total_paid_paise = self.amounts()?.completed;
        self.apply(BookingCommand::Recalculate)?;
        let confirmed = matches!(self.booking.status, BookingStatus::Confirmed | BookingStatus::Completed);
        if confirmed && self.booking.confirmed_at.is_none() {
            self.booking.confirmed_at = Some(at);
        }
        self.refresh_instalments(now)
    }

    fn refresh_instalments(&mut self, at: Timestamp) -> Result<(), BookingError> {
        let booking = &self.booking;
        let due_at_booking = booking.price_paise.sub(booking.emi_principal_paise)?;
        let amounts: Vec<Money> = self.instalments.iter().map(|i| i.amount_paise).collect();
        let paid = emi::allocate_paid(&amounts, booking.total_paid_paise.minus_or_zero(due_at_booking));
        for (row, paid) in self.instalments.iter_mut().zip(paid) {
            row.due_on = booking.confirmed_at.map(|t| emi::due_on(t.day(), count_from_column(row.n)));
            row.paid_paise = paid;
            row.status = emi::instalment_status(row.amount_paise, paid, row.due_on, at.day());
        }
        Ok(())
    }

    /// Increments the version and sets `changed_at`.
    pub(super) fn start_version(&mut self, at: Timestamp) {
        self.booking.version += 1;
        self.booking.changed_at = at;
    }

    /// Saves the booking and the instalments that changed.
    pub async fn save(&mut self, c: &mut DbConnection) -> Result<(), BookingError> {
        bookings::save(c, &self.booking).await?;
        self.save_instalments(c).await
    }

    async fn save_instalments(&mut self, c: &mut DbConnection) -> Result<(), BookingError> {
        for row in &self.instalments {
            if !self.stored.contains(row) {
                instalments::save(c, row).await?;
            }
        }
        self.stored.clone_from(&self.instalments);
        Ok(())
    }

    /// Adds and inserts the instalments of an EMI schedule.
    pub(crate) async fn add_instalments(
        &mut self,
        c: &mut DbConnection,
        amounts: &[Money],
        at: Timestamp,
    ) -> Result<(), BookingError> {
        self.instalments = (1..)
            .zip(amounts)
            .map(|(n, amount)| Instalment {
                booking_id: self.booking.id,
                n,
                due_on: None,
                amount_paise: *amount,
                paid_paise: Money::ZERO,
                status: crate::domain::InstalmentStatus::Pending,
                noticed_at: None,
            })
            .collect();
        self.refresh_instalments(at)?;
        instalments::insert(c, self.instalments.clone()).await?;
        self.stored.clone_from(&self.instalments);
        Ok(())
    }

    /// The booking's whole state as the `BookingChanged` event.
    pub fn snapshot(&self) -> event::BookingChanged {
        let booking = &self.booking;
        event::BookingChanged {
            booking_id: booking.id.into(),
            user_id: booking.user_id.into(),
            version: booking.version.unsigned_abs(),
            number: booking.number.clone(),
            status: booking.status.to_string(),
            vehicle_id: booking.vehicle_id.into(),
            vehicle: booking.vehicle.clone(),
            price_paise: booking.price_paise.paise(),
            booking_amount_paise: booking.booking_amount_paise.paise(),
            total_paid_paise: booking.total_paid_paise.paise(),
            emi_months: count_from_column(booking.emi_months),
            instalments: self.instalments.iter().map(instalment_event).collect(),
            created_at: booking.created_at.micros(),
            confirmed_at: booking.confirmed_at.map_or(0, Timestamp::micros),
            changed_at: booking.changed_at.micros(),
            reason: booking.reason.clone(),
        }
    }
}

fn instalment_event(row: &Instalment) -> event::Instalment {
    event::Instalment {
        n: count_from_column(row.n),
        due_on: row.due_on.map(|d| d.to_string()).unwrap_or_default(),
        amount_paise: row.amount_paise.paise(),
        paid_paise: row.paid_paise.paise(),
        status: row.status.to_string(),
    }
}

/// A count from a `BIGINT` column; 0 when it is negative or above `u32::MAX`.
pub fn count_from_column(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}
