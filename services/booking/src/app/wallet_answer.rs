//! The wallet has, or has not, taken money for a payment.

use super::account::{Account, Proof, Returned};
use super::folder::Folder;
use crate::domain::payment::PaymentCommand;
use crate::domain::{BookingStatus, PaymentStatus, ReturnCause};
use crate::error::BookingError;
use crate::store::payments;
use db::DbConnection;
use domain::{Money, PaymentId, Timestamp};

#[derive(Debug, Clone)]
pub struct Answer {
    pub payment_id: PaymentId,
    pub amount: Money,
    pub paid: bool,
    pub reason: String,
    pub at: Timestamp,
}

pub async fn answer(c: &mut DbConnection, answer: &Answer) -> Result<(), BookingError> {
    let id = answer.payment_id;
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut account = Account::lock(c, found.user_id, answer.at).await?;
    let mut folder = Folder::lock_with(c, found.booking_id, id).await?;
    let payment = folder.payment(id)?.clone();
    match (payment.status, answer.paid) {
        (PaymentStatus::Pending, true) if answer.amount == payment.amount_paise => {
            account.complete(c, &mut folder, id, PaymentCommand::Confirm, Proof::default()).await?;
            account.settle(c, &mut folder).await?;
        }
        (PaymentStatus::Pending, false) => {
            account.close_payment(c, &mut folder, id, PaymentCommand::Fail, &answer.reason).await?;
        }
        // The debit came too late, or is not the one that was asked for: the money goes back.
        (PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded, true) => {
            if payment.returned_at.is_some() {
                return Ok(());
            }
            if payment.status == PaymentStatus::Pending {
                account.close_payment(c, &mut folder, id, PaymentCommand::Fail, "the amount differs").await?;
            }
            let cause = match folder.booking.status {
                BookingStatus::Cancelled => ReturnCause::BookingCancelled,
                BookingStatus::PreBooked
                | BookingStatus::Confirmed
                | BookingStatus::Completed
                | BookingStatus::Expired => ReturnCause::NotPayable,
            };
            let money = Returned { return_id: id.into(), amount: answer.amount, cause };
            account.give_back(c, &mut folder, id, money).await?;
        }
        (PaymentStatus::Failed | PaymentStatus::Superseded, false)
        | (PaymentStatus::Completed | PaymentStatus::Refunded, _) => return Ok(()),
    }
    account.finish(c).await
}
