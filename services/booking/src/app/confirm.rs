//! Staff say that cash or a transfer has come, or that it will not.

use super::account::{Account, Proof};
use super::folder::Folder;
use crate::domain::PaymentStatus;
use crate::domain::payment::{PaymentCommand, is_confirmed_by_staff};
use crate::error::BookingError;
use crate::store::payments;
use db::DbConnection;
use domain::{PaymentId, Timestamp};

#[derive(Debug, Clone)]
pub enum Verdict {
    Received { reference: Option<String> },
    NotReceived { reason: String },
}

/// Says whether anything changed: to confirm again what is confirmed changes nothing.
pub async fn confirm(
    c: &mut DbConnection,
    id: PaymentId,
    verdict: &Verdict,
    at: Timestamp,
) -> Result<bool, BookingError> {
    let found = payments::find(c, id).await?.ok_or(BookingError::NotFound)?;
    if !is_confirmed_by_staff(found.method) {
        return Err(BookingError::NotConfirmedByStaff);
    }
    let mut account = Account::lock(c, found.user_id, at).await?;
    let mut folder = Folder::lock_with(c, found.booking_id, id).await?;
    let before = folder.payment(id)?.status;
    match verdict {
        Verdict::Received { reference } => {
            let proof = Proof { reference: reference.clone(), gateway_payment_id: None };
            account.complete(c, &mut folder, id, PaymentCommand::Confirm, proof).await?;
        }
        Verdict::NotReceived { reason } => {
            account.close_payment(c, &mut folder, id, PaymentCommand::Fail, reason).await?;
        }
    }
    let after = folder.payment(id)?.status;
    if after == before {
        return Ok(false);
    }
    if after == PaymentStatus::Completed {
        account.settle(c, &mut folder).await?;
    }
    account.finish(c).await?;
    Ok(true)
}
