//! Staff decisions about cash and bank transfers.

use super::buyer_session::BuyerSession;
use crate::domain::aggregate::{Command, ReceivedMoney};
use crate::domain::payment::is_confirmed_by_staff;
use crate::domain::received_money::MoneySource;
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
/// `NotFound`, with `NotConfirmedByStaff` for other methods, and with `Refused` when its status does not allow it.
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
    let mut session = BuyerSession::lock_payment(c, &found, at).await?;
    match decision {
        StaffDecision::Received { reference } => {
            let money = ReceivedMoney::new(id, MoneySource::Staff, found.amount_paise);
            let money = ReceivedMoney { reference: reference.clone(), ..money };
            session.apply(found.booking_id, &Command::ReceiveMoney(&money))?;
        }
        StaffDecision::NotReceived { reason } => {
            session.apply(found.booking_id, &Command::FailPayment { payment: id, reason })?;
        }
    }
    let is_changed = session.is_changed();
    session.finish(c).await?;
    Ok(is_changed)
}
