//! One booking with its payments and instalments, locked, while it is worked on.

use crate::domain::booking::{BookingCommand, Figures, Step, step};
use crate::domain::{BookingStatus, PaymentStatus, emi};
use crate::error::BookingError;
use crate::store::bookings::{self, Booking};
use crate::store::instalments::{self, Instalment};
use crate::store::payments::{self, Payment};
use db::DbConnection;
use domain::{BookingId, Money, MoneyError, PaymentId, Timestamp, UserId};
use proto_events::booking::v1 as event;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub struct Folder {
    pub booking: Booking,
    /// The pending and the completed ones, and the one that is worked on.
    pub payments: Vec<Payment>,
    pub instalments: Vec<Instalment>,
    /// The instalments as they are stored, to write only what changes.
    stored: Vec<Instalment>,
}

impl Folder {
    /// The member's row has to be locked already.
    pub async fn lock(c: &mut DbConnection, id: BookingId) -> Result<Self, BookingError> {
        let booking = bookings::lock(c, id).await?;
        Self::fill(c, vec![booking]).await?.pop().ok_or(BookingError::NotFound)
    }

    /// As [`Folder::lock`], with this payment of the booking, in whatever state it is.
    pub async fn lock_with(c: &mut DbConnection, id: BookingId, payment: PaymentId) -> Result<Self, BookingError> {
        let mut folder = Self::lock(c, id).await?;
        if folder.payment(payment).is_err() {
            let found = payments::lock(c, payment).await?;
            if found.booking_id == id {
                folder.payments.push(found);
            }
        }
        Ok(folder)
    }

    /// A booking that is locked already, with its open payments and its instalments.
    pub(crate) fn of(booking: Booking, payments: Vec<Payment>, instalments: Vec<Instalment>) -> Self {
        Self { booking, payments, stored: instalments.clone(), instalments }
    }

    /// Every booking of these members, oldest first, each table read once. The members' rows have to be locked already.
    pub(super) async fn lock_all_of(
        c: &mut DbConnection,
        users: &[UserId],
    ) -> Result<BTreeMap<UserId, Vec<Self>>, BookingError> {
        if users.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = bookings::lock_all_of(c, users).await?;
        Ok(Self::fill(c, found).await?.into_iter().fold(BTreeMap::new(), |mut all, folder| {
            all.entry(folder.booking.user_id).or_insert_with(Vec::new).push(folder);
            all
        }))
    }

    /// Bookings that are locked already, in their order, each table read once.
    pub(super) async fn fill(c: &mut DbConnection, found: Vec<Booking>) -> Result<Vec<Self>, BookingError> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<BookingId> = found.iter().map(|b| b.id).collect();
        let payments = payments::lock_open_of(c, &ids).await?;
        let with_emi: Vec<BookingId> = found.iter().filter(|b| b.emi_months > 0).map(|b| b.id).collect();
        let instalments = if with_emi.is_empty() { Vec::new() } else { instalments::of_many(c, &with_emi).await? };
        let fill = |booking: Booking| {
            let payments = payments.iter().filter(|p| p.booking_id == booking.id).cloned().collect();
            let instalments = instalments.iter().filter(|i| i.booking_id == booking.id).cloned().collect();
            Self::of(booking, payments, instalments)
        };
        Ok(found.into_iter().map(fill).collect())
    }

    /// [`Folder::save`] for several bookings.
    pub(super) async fn save_all(c: &mut DbConnection, folders: Vec<Self>) -> Result<(), BookingError> {
        let mut found = Vec::with_capacity(folders.len());
        for mut folder in folders {
            folder.save_instalments(c).await?;
            found.push(folder.booking);
        }
        Ok(bookings::save_all(c, found).await?)
    }

    pub fn payment(&self, id: PaymentId) -> Result<&Payment, BookingError> {
        self.payments.iter().find(|p| p.id == id).ok_or(BookingError::NotFound)
    }

    pub(crate) fn payment_mut(&mut self, id: PaymentId) -> Result<&mut Payment, BookingError> {
        self.payments.iter_mut().find(|p| p.id == id).ok_or(BookingError::NotFound)
    }

    /// The ids of the payments in a state.
    pub fn in_state(&self, status: PaymentStatus) -> Vec<PaymentId> {
        self.payments.iter().filter(|p| p.status == status).map(|p| p.id).collect()
    }

    /// The booking's amounts, from its payment rows.
    pub fn figures(&self) -> Result<Figures, MoneyError> {
        let sum = |status| Money::total(self.payments.iter().filter(|p| p.status == status).map(|p| p.amount_paise));
        Ok(Figures {
            price: self.booking.price_paise,
            booking_amount: self.booking.booking_amount_paise,
            completed: sum(PaymentStatus::Completed)?,
            pending: sum(PaymentStatus::Pending)?,
        })
    }

    /// Takes `command`, if the booking may; says whether it changed anything.
    pub fn take(&mut self, command: BookingCommand) -> Result<bool, BookingError> {
        match step(self.booking.status, command, &self.figures()?)? {
            Step::Stay => Ok(false),
            Step::To(next) => {
                self.booking.status = next;
                Ok(true)
            }
        }
    }

    /// Brings status, total and instalments in line with the payments. What changed them happened at `at`.
    pub fn settle(&mut self, at: Timestamp, now: Timestamp) -> Result<(), BookingError> {
        self.booking.total_paid_paise = self.figures()?.completed;
        self.take(BookingCommand::Settle)?;
        let confirmed = matches!(self.booking.status, BookingStatus::Confirmed | BookingStatus::Completed);
        if confirmed && self.booking.confirmed_at.is_none() {
            self.booking.confirmed_at = Some(at);
        }
        self.refresh_instalments(now)
    }

    fn refresh_instalments(&mut self, at: Timestamp) -> Result<(), BookingError> {
        let booking = &self.booking;
        let promised = booking.price_paise.sub(booking.emi_principal_paise)?;
        let amounts: Vec<Money> = self.instalments.iter().map(|i| i.amount_paise).collect();
        let paid = emi::fill(&amounts, booking.total_paid_paise.minus_or_zero(promised));
        for (row, paid) in self.instalments.iter_mut().zip(paid) {
            row.due_on = booking.confirmed_at.map(|t| emi::due_on(t.day(), number(row.n)));
            row.paid_paise = paid;
            row.status = emi::status(row.amount_paise, paid, row.due_on, at.day());
        }
        Ok(())
    }

    /// What is saved next is the booking's next version, made at `at`.
    pub(super) fn begin_version(&mut self, at: Timestamp) {
        self.booking.version += 1;
        self.booking.changed_at = at;
    }

    /// Writes the booking and the instalments that changed.
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

    /// Adds an EMI's instalments, written at once.
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

    /// The whole state, as it is told to the other services.
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
            emi_months: number(booking.emi_months),
            instalments: self.instalments.iter().map(instalment).collect(),
            created_at: booking.created_at.micros(),
            confirmed_at: booking.confirmed_at.map_or(0, Timestamp::micros),
            changed_at: booking.changed_at.micros(),
            reason: booking.reason.clone(),
        }
    }
}

fn instalment(row: &Instalment) -> event::Instalment {
    event::Instalment {
        n: number(row.n),
        due_on: row.due_on.map(|d| d.to_string()).unwrap_or_default(),
        amount_paise: row.amount_paise.paise(),
        paid_paise: row.paid_paise.paise(),
        status: row.status.to_string(),
    }
}

/// A small count, out of its column.
pub fn number(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}
