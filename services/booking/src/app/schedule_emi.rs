//! EMI schedule of a booking.

use super::booking_aggregate::BookingAggregate;
use super::finish_change::finish_change;
use super::member_lock::MemberLock;
use crate::domain::BookingStatus;
use crate::domain::emi::{self, EmiRefusal};
use crate::error::BookingError;
use crate::store::bookings;
use db::DbConnection;
use domain::{BookingId, Timestamp};

/// Adds an EMI schedule of `months` instalments to a booking. Errors with `NotFound`, and with `Emi` when the booking
/// is closed, has a schedule already, or the number of months is not allowed.
pub async fn schedule(c: &mut DbConnection, id: BookingId, months: u32, at: Timestamp) -> Result<(), BookingError> {
    let owner = bookings::find_owner(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut member_lock = MemberLock::acquire(c, owner, at).await?;
    let mut aggregate = BookingAggregate::lock(c, id).await?;
    match aggregate.booking.status {
        BookingStatus::PreBooked | BookingStatus::Confirmed => {}
        BookingStatus::Completed | BookingStatus::Cancelled | BookingStatus::Expired => {
            return Err(EmiRefusal::BookingClosed.into());
        }
    }
    if aggregate.booking.emi_months != 0 {
        return Err(EmiRefusal::Exists.into());
    }
    add_schedule(c, &member_lock, &mut aggregate, months).await?;
    member_lock.save_booking(c, &mut aggregate).await?;
    finish_change(c, member_lock).await
}

/// Adds the instalments of a schedule. The caller saves the booking.
pub(super) async fn add_schedule(
    c: &mut DbConnection,
    member_lock: &MemberLock,
    aggregate: &mut BookingAggregate,
    months: u32,
) -> Result<(), BookingError> {
    let terms = &member_lock.plan().booking;
    let booking = &aggregate.booking;
    let schedule = emi::schedule(
        booking.price_paise,
        booking.booking_amount_paise,
        booking.total_paid_paise,
        months,
        (terms.emi_months_min, terms.emi_months_max),
    )?;
    aggregate.booking.emi_months = i64::from(months);
    aggregate.booking.emi_principal_paise = schedule.principal;
    aggregate.add_instalments(c, &schedule.amounts, member_lock.occurred_at).await
}
