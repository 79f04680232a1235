//! Staff decisions about cash and bank transfers.

use super::booking_aggregate::BookingAggregate;
use super::finish_change::finish_change;
use super::member_lock::{MemberLock, PaymentProof};
use crate::domain::PaymentStatus;
use crate::domain::payment::{PaymentCommand, is_confirmed_by_staff};
use crate::error::BookingError;
use crate::store::payments;
use db::DbConnection;
use domain::{PaymentId, Timestamp};

/// What staff found out about a cash payment or a bank transfer.
#[derive(Debug, Clone)]
pub enum StaffDecision {
    Received { reference: Option<String> },
    NotReceived { reason: String },
}

/// Completes or fails a payment. Returns whether it changed; the same decision again changes nothing. Errors with
/// `NotFound`, with `NotConfirmedByStaff` for other methods, and with `Payment` when its status does not allow it.
pub async fn decide(
    c: &mut DbConnection,
    id: PaymentId,
    decision: &StaffDecision,
    at: Timestamp,
) -> Result<bool, BookingError> {
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    if !is_confirmed_by_staff(found.method) {
        return Err(BookingError::NotConfirmedByStaff);
    }
    let mut member_lock = MemberLock::acquire(c, found.user_id, at).await?;
    let mut aggregate = BookingAggregate::lock_with_payment(c, found.booking_id, id).await?;
    let before = aggregate.payment(id)?.status;
    match decision {
        StaffDecision::Received { reference } => {
            let proof = PaymentProof { reference: reference.clone(), gateway_payment_id: None };
            member_lock.complete_payment(c, &mut aggregate, id, PaymentCommand::Confirm, proof).await?;
        }
        StaffDecision::NotReceived { reason } => {
            member_lock.close_payment(c, &mut aggregate, id, PaymentCommand::Fail, reason).await?;
        }
    }
    let after = aggregate.payment(id)?.status;
    if after == before {
        return Ok(false);
    }
    if after == PaymentStatus::Completed {
        member_lock.recalculate_and_save(c, &mut aggregate).await?;
    }
    finish_change(c, member_lock).await?;
    Ok(true)
}
