//! Start of a payment: a pending row that reserves its amount on the booking.

use super::booking_aggregate::BookingAggregate;
use super::finish_change::finish_change;
use super::member_lock::MemberLock;
use crate::domain::booking::check_payment;
use crate::domain::payment::{MAX_ORDERS_PER_DAY, MAX_PENDING_PAYMENTS, PaymentCommand, is_client_method};
use crate::domain::{GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::store::bookings;
use crate::store::payments::{self, Payment};
use db::DbConnection;
use domain::{BookingId, Money, PaymentId, PaymentMethod, Timestamp};
use proto_events::booking::v1::WalletPaymentRequested;

/// A payment as requested.
#[derive(Debug, Clone)]
pub struct NewPayment {
    pub id: PaymentId,
    pub booking_id: BookingId,
    pub amount: Money,
    pub method: PaymentMethod,
    /// Whether the booking's owner pays. Staff may record payments for a member, but not spend from the member's
    /// wallet.
    pub by_owner: bool,
    /// The gateway of an online payment, and its order id when that is known without a call.
    pub gateway: Option<(GatewayName, Option<String>)>,
}

/// Inserts a pending payment. An online payment supersedes the booking's open order; a wallet payment records
/// `WalletPaymentRequested`. Errors with `NotFound`, `MethodNotAllowed`, `WalletOwnerOnly`, `OnlineUnavailable`,
/// `TooManyOrders`, `TooManyPending`, and with `Booking` when the amount is not payable.
pub async fn start(c: &mut DbConnection, new: &NewPayment, at: Timestamp) -> Result<(), BookingError> {
    if !is_client_method(new.method) {
        return Err(BookingError::MethodNotAllowed);
    }
    let owner = bookings::find_owner(c, new.booking_id).await?.ok_or(BookingError::NotFound)?;
    let mut member_lock = MemberLock::acquire(c, owner, at).await?;
    let mut aggregate = BookingAggregate::lock(c, new.booking_id).await?;
    let is_online = new.method == PaymentMethod::Online;
    if new.method == PaymentMethod::Wallet && !new.by_owner {
        return Err(BookingError::WalletOwnerOnly);
    }
    check_limits(c, &aggregate, is_online, at).await?;
    if is_online {
        supersede_open_order(c, &mut member_lock, &mut aggregate).await?;
    }
    check_payment(aggregate.booking.status, new.amount, &aggregate.amounts()?)?;
    let gateway = if is_online { Some(new.gateway.clone().ok_or(BookingError::OnlineUnavailable)?) } else { None };
    let (gateway, order_id) = gateway.map_or((None, None), |(name, order)| (Some(name), order));
    let payment = Payment {
        id: new.id,
        booking_id: new.booking_id,
        user_id: owner,
        amount_paise: new.amount,
        method: new.method,
        status: PaymentStatus::Pending,
        reason: String::new(),
        reference: None,
        gateway,
        gateway_order_id: order_id,
        gateway_payment_id: None,
        open_order_of: is_online.then_some(new.booking_id),
        reserve_id: None,
        plan_version: None,
        created_at: at,
        completed_at: None,
        closed_at: None,
        returned_at: None,
    };
    payments::insert(c, &payment).await?;
    if new.method == PaymentMethod::Wallet {
        member_lock.record_event(payment.id, &wallet_request(&payment, &aggregate));
    }
    finish_change(c, member_lock).await
}

/// Limits a booking's pending payments and its online orders a day, because every change of a booking reads them all.
async fn check_limits(
    c: &mut DbConnection,
    aggregate: &BookingAggregate,
    is_online: bool,
    at: Timestamp,
) -> Result<(), BookingError> {
    if !is_online {
        let pending =
            aggregate.payments.iter().filter(|p| p.status == PaymentStatus::Pending && p.open_order_of.is_none());
        return if pending.count() < MAX_PENDING_PAYMENTS { Ok(()) } else { Err(BookingError::TooManyPending) };
    }
    let day_ago = at.plus_hours(-24);
    let orders = payments::list_order_times_since(c, aggregate.booking.id, day_ago, MAX_ORDERS_PER_DAY).await?;
    if i64::try_from(orders.len()).unwrap_or(i64::MAX) < MAX_ORDERS_PER_DAY {
        return Ok(());
    }
    let oldest = orders.into_iter().min().unwrap_or(at);
    // Whole seconds, rounded up, so that a retry after this time is accepted.
    let retry_after_secs = oldest.micros().saturating_sub(day_ago.micros()).max(1).unsigned_abs().div_ceil(1_000_000);
    Err(BookingError::TooManyOrders { retry_after_secs })
}

/// Supersedes the booking's open online order, which releases its amount: a booking has at most one.
async fn supersede_open_order(
    c: &mut DbConnection,
    member_lock: &mut MemberLock,
    aggregate: &mut BookingAggregate,
) -> Result<(), BookingError> {
    let open: Vec<PaymentId> = aggregate.payments.iter().filter(|p| p.open_order_of.is_some()).map(|p| p.id).collect();
    for id in open {
        member_lock.close_payment(c, aggregate, id, PaymentCommand::Supersede, "a newer order").await?;
    }
    Ok(())
}

fn wallet_request(payment: &Payment, aggregate: &BookingAggregate) -> WalletPaymentRequested {
    WalletPaymentRequested {
        payment_id: payment.id.into(),
        booking_id: payment.booking_id.into(),
        user_id: payment.user_id.into(),
        amount_paise: payment.amount_paise.paise(),
        booking_number: aggregate.booking.number.clone(),
        requested_at: payment.created_at.micros(),
    }
}
