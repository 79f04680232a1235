//! Payments that a bank authorised and that the gateway has not captured: too late for its automatic capture, or without
//! one.
//!
//! One that its payment still accepts is captured by the order check; the gateway returns any other to the payer.

use super::buyer_session::BuyerSession;
use super::receive_capture::find_unit;
use crate::domain::aggregate::ReceivedMoney;
use crate::domain::capture::is_acceptable;
use crate::domain::gateway_event::AuthorizedPayment;
use crate::domain::received_money::{MoneyDecision, MoneySource};
use crate::domain::{GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::store::{payments, reconciliations};
use db::DbConnection;
use domain::Timestamp;

/// Seconds that the gateway gets to capture a payment by itself.
const AUTOMATIC_CAPTURE_SECS: i64 = 60;

/// Schedules the check of the order of an authorised payment.
pub async fn expect(
    c: &mut DbConnection,
    gateway: GatewayName,
    authorized: &AuthorizedPayment,
    now: Timestamp,
) -> Result<(), BookingError> {
    let found = payments::find_for_order(c, gateway, &authorized.order_id).await?;
    let is_open = |status| matches!(status, PaymentStatus::Pending | PaymentStatus::Failed);
    if let Some(payment) = found.filter(|payment| is_open(payment.status)) {
        let next_at = now.plus_secs(AUTOMATIC_CAPTURE_SECS);
        reconciliations::schedule_check(c, payment.id, gateway, next_at).await?;
    }
    Ok(())
}

/// Whether the payment of its order accepts an authorised payment, decided as for a capture.
pub async fn is_accepted(
    c: &mut DbConnection,
    gateway: GatewayName,
    authorized: &AuthorizedPayment,
    now: Timestamp,
) -> Result<bool, BookingError> {
    if !is_acceptable(&authorized.currency, authorized.amount) {
        return Ok(false);
    }
    let Some(payment) = payments::find_for_order(c, gateway, &authorized.order_id).await? else { return Ok(false) };
    let session = BuyerSession::lock_payment(c, &payment, now).await?;
    let mut money = ReceivedMoney::new(payment.id, MoneySource::Gateway, authorized.amount);
    let booking = session.booking(payment.booking_id)?;
    money.unit = find_unit(c, booking.booking()).await?;
    Ok(booking.decide_money(&money)? == MoneyDecision::Complete)
}
