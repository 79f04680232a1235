//! A member asks to pay what remains in instalments.

use super::account::Account;
use super::folder::Folder;
use crate::domain::BookingStatus;
use crate::domain::emi::{self, EmiRefusal};
use crate::error::BookingError;
use crate::store::bookings;
use db::DbConnection;
use domain::{BookingId, Timestamp};

pub async fn schedule(c: &mut DbConnection, id: BookingId, months: u32, at: Timestamp) -> Result<(), BookingError> {
    let owner = bookings::owner(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut account = Account::lock(c, owner, at).await?;
    let mut folder = Folder::lock(c, id).await?;
    match folder.booking.status {
        BookingStatus::PreBooked | BookingStatus::Confirmed => {}
        BookingStatus::Completed | BookingStatus::Cancelled | BookingStatus::Expired => {
            return Err(EmiRefusal::BookingClosed.into());
        }
    }
    if folder.booking.emi_months != 0 {
        return Err(EmiRefusal::Exists.into());
    }
    add(c, &account, &mut folder, months).await?;
    account.save(c, &mut folder).await?;
    account.finish(c).await
}

/// Gives a booking its instalments; the booking itself is the caller's to save.
pub(super) async fn add(
    c: &mut DbConnection,
    account: &Account,
    folder: &mut Folder,
    months: u32,
) -> Result<(), BookingError> {
    let terms = &account.plan().booking;
    let booking = &folder.booking;
    let made = emi::schedule(
        booking.price_paise,
        booking.booking_amount_paise,
        booking.total_paid_paise,
        months,
        (terms.emi_months_min, terms.emi_months_max),
    )?;
    folder.booking.emi_months = i64::from(months);
    folder.booking.emi_principal_paise = made.principal;
    folder.add_instalments(c, &made.amounts, account.at).await
}
