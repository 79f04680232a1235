//! Record of a sent SMS, and of the receipts of its provider.

use crate::domain::delivery::{self, DeliveryState};
use crate::error::AuthError;
use crate::store::sms_deliveries::{self, DeliveryRow};
use db::DbConnection;
use domain::Timestamp;
use runtime::mail::{AcceptedMessage, Message, Receipt, ReceiptState};

/// Records a message that its provider accepted. Its receipt may have arrived before.
pub(crate) async fn record_sent(
    c: &mut DbConnection,
    accepted: &AcceptedMessage,
    message: &Message,
    now: Timestamp,
) -> Result<(), AuthError> {
    let row = DeliveryRow {
        provider: accepted.provider.to_owned(),
        message_id: accepted.id.clone(),
        state: DeliveryState::Accepted,
        error_code: None,
        recipient: Some(message.to.chars().take(16).collect()),
        has_code: Some(message.code.is_some()),
        sent_at: Some(now),
        reported_at: None,
        recorded_at: now,
    };
    if !sms_deliveries::insert(c, &row).await? {
        sms_deliveries::save_sent(c, &row).await?;
    }
    Ok(())
}

/// Records a receipt. One that says less than is known, or the same, changes nothing. Returns whether it changed the
/// state.
pub(crate) async fn record_receipt(c: &mut DbConnection, receipt: &Receipt, now: Timestamp) -> Result<bool, AuthError> {
    let state = match receipt.state {
        ReceiptState::Sent => DeliveryState::Sent,
        ReceiptState::Delivered => DeliveryState::Delivered,
        ReceiptState::Failed => DeliveryState::Failed,
    };
    let row = DeliveryRow {
        provider: receipt.provider.to_owned(),
        message_id: receipt.message_id.clone(),
        state,
        error_code: receipt.error_code.clone(),
        recipient: None,
        has_code: None,
        sent_at: None,
        reported_at: Some(now),
        recorded_at: now,
    };
    if sms_deliveries::insert(c, &row).await? {
        return Ok(true);
    }
    let known = sms_deliveries::lock_state(c, &row.provider, &row.message_id).await?;
    let is_new = known.is_some() && delivery::replaces(state, known);
    if is_new {
        sms_deliveries::save_state(c, &row).await?;
    }
    Ok(is_new)
}
