//! Decisions of the wallet about payments that it was asked for.

use super::booking_aggregate::BookingAggregate;
use super::member_lock::{MemberLock, PaymentProof, WalletReturn};
use crate::domain::payment::PaymentCommand;
use crate::domain::{BookingStatus, PaymentStatus, ReturnCause};
use crate::error::BookingError;
use crate::store::payments;
use db::DbConnection;
use domain::{Money, PaymentId, Timestamp};

/// A wallet's decision as the `WalletPaymentDecided` event carries it.
#[derive(Debug, Clone)]
pub struct WalletDecision {
    pub payment_id: PaymentId,
    pub amount: Money,
    pub is_paid: bool,
    /// Why the wallet did not pay; empty when it did.
    pub reason: String,
    pub at: Timestamp,
}

/// Completes or fails the payment. Money that the wallet debited and that cannot complete the payment is returned to
/// it, once. Errors with `NotFound` when the payment does not exist.
pub async fn apply(c: &mut DbConnection, decision: &WalletDecision) -> Result<(), BookingError> {
    let id = decision.payment_id;
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    let mut member_lock = MemberLock::acquire(c, found.user_id, decision.at).await?;
    let mut aggregate = BookingAggregate::lock_with_payment(c, found.booking_id, id).await?;
    let payment = aggregate.payment(id)?.clone();
    match (payment.status, decision.is_paid) {
        (PaymentStatus::Pending, true) if decision.amount == payment.amount_paise => {
            member_lock
                .complete_payment(c, &mut aggregate, id, PaymentCommand::Confirm, PaymentProof::default())
                .await?;
            member_lock.recalculate_and_save(c, &mut aggregate).await?;
        }
        (PaymentStatus::Pending, false) => {
            member_lock.close_payment(c, &mut aggregate, id, PaymentCommand::Fail, &decision.reason).await?;
        }
        // The debit is late, or its amount differs from the request: it is returned.
        (PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded, true) => {
            if payment.returned_at.is_some() {
                return Ok(());
            }
            if payment.status == PaymentStatus::Pending {
                member_lock.close_payment(c, &mut aggregate, id, PaymentCommand::Fail, "the amount differs").await?;
            }
            let cause = match aggregate.booking.status {
                BookingStatus::Cancelled => ReturnCause::BookingCancelled,
                BookingStatus::PreBooked
                | BookingStatus::Confirmed
                | BookingStatus::Completed
                | BookingStatus::Expired => ReturnCause::NotPayable,
            };
            let money = WalletReturn { return_id: id.into(), amount: decision.amount, cause };
            member_lock.return_to_wallet(c, &mut aggregate, id, money).await?;
        }
        (PaymentStatus::Failed | PaymentStatus::Superseded, false)
        | (PaymentStatus::Completed | PaymentStatus::Refunded, _) => return Ok(()),
    }
    member_lock.finish(c).await
}
