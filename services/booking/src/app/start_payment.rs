//! Start of a payment: a pending row that reserves its amount on the booking.

use super::buyer_session::BuyerSession;
use crate::domain::aggregate::{Command, NewPayment};
use crate::domain::payment::MAX_ORDERS_PER_DAY;
use crate::error::BookingError;
use crate::store::payments;
use db::DbConnection;
use domain::{BookingId, PaymentMethod, Timestamp};

/// Inserts a pending payment. An online payment supersedes the booking's open order; a wallet payment publishes
/// `WalletPaymentRequested`. Errors with `NotFound`, and with `Refused`: a method that is not allowed, too many orders
/// or pending payments, or an amount that is not payable.
pub async fn start(
    c: &mut DbConnection,
    booking: BookingId,
    new: &NewPayment,
    at: Timestamp,
) -> Result<(), BookingError> {
    let mut session = BuyerSession::lock_booking(c, booking, at).await?;
    let recent_orders = if new.method == PaymentMethod::Online {
        payments::list_order_times_since(c, booking, at.plus_hours(-24), MAX_ORDERS_PER_DAY.into()).await?
    } else {
        Vec::new()
    };
    session.apply(booking, &Command::StartPayment { new, recent_orders: &recent_orders })?;
    session.finish(c).await
}
