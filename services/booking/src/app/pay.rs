//! A payment is started: nothing is paid yet, but its amount is spoken for.

use super::account::Account;
use super::folder::Folder;
use crate::domain::booking::may_pay;
use crate::domain::payment::{MAX_ORDERS_A_DAY, MAX_PENDING, PaymentCommand, may_be_chosen};
use crate::domain::{GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::store::bookings;
use crate::store::payments::{self, Payment};
use db::DbConnection;
use domain::{BookingId, Money, PaymentId, PaymentMethod, Timestamp};
use proto_events::booking::v1::WalletPaymentRequested;

#[derive(Debug, Clone)]
pub struct NewPayment {
    pub id: PaymentId,
    pub booking_id: BookingId,
    pub amount: Money,
    pub method: PaymentMethod,
    /// Staff may record what a member brings, but not spend from the member's wallet.
    pub by_owner: bool,
    /// The gateway that takes it if it is online, and its order where that is known without asking.
    pub gateway: Option<(GatewayName, Option<String>)>,
}

pub async fn pay(c: &mut DbConnection, new: &NewPayment, at: Timestamp) -> Result<(), BookingError> {
    if !may_be_chosen(new.method) {
        return Err(BookingError::MethodNotAllowed);
    }
    let owner = bookings::owner(c, new.booking_id).await?.ok_or(BookingError::NotFound)?;
    let mut account = Account::lock(c, owner, at).await?;
    let mut folder = Folder::lock(c, new.booking_id).await?;
    let online = new.method == PaymentMethod::Online;
    if new.method == PaymentMethod::Wallet && !new.by_owner {
        return Err(BookingError::WalletOwnerOnly);
    }
    refuse_too_many(c, &folder, online, at).await?;
    if online {
        supersede_open_order(c, &mut account, &mut folder).await?;
    }
    may_pay(folder.booking.status, new.amount, &folder.figures()?)?;
    let gateway = if online { Some(new.gateway.clone().ok_or(BookingError::OnlineUnavailable)?) } else { None };
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
        open_order_of: online.then_some(new.booking_id),
        reserve_id: None,
        plan_version: None,
        created_at: at,
        completed_at: None,
        closed_at: None,
        returned_at: None,
    };
    payments::insert(c, &payment).await?;
    if new.method == PaymentMethod::Wallet {
        account.tell(payment.id, &wallet_request(&payment, &folder));
    }
    account.finish(c).await
}

/// What a booking has at once, and in a day, is bounded: whoever works on it reads all that is open.
async fn refuse_too_many(
    c: &mut DbConnection,
    folder: &Folder,
    online: bool,
    at: Timestamp,
) -> Result<(), BookingError> {
    if !online {
        let waiting =
            folder.payments.iter().filter(|p| p.status == PaymentStatus::Pending && p.open_order_of.is_none());
        return if waiting.count() < MAX_PENDING { Ok(()) } else { Err(BookingError::TooManyPending) };
    }
    let day_ago = at.plus_hours(-24);
    let orders = payments::orders_since(c, folder.booking.id, day_ago, MAX_ORDERS_A_DAY).await?;
    if i64::try_from(orders.len()).unwrap_or(i64::MAX) < MAX_ORDERS_A_DAY {
        return Ok(());
    }
    let oldest = orders.into_iter().min().unwrap_or(at);
    // Whole seconds, rounded up: whoever waits for them is not refused again.
    let wait = oldest.micros().saturating_sub(day_ago.micros()).max(1).unsigned_abs().div_ceil(1_000_000);
    Err(BookingError::TooManyOrders { retry_after_secs: wait })
}

/// One open online order a booking: the earlier one gives its amount free.
async fn supersede_open_order(
    c: &mut DbConnection,
    account: &mut Account,
    folder: &mut Folder,
) -> Result<(), BookingError> {
    let open: Vec<PaymentId> = folder.payments.iter().filter(|p| p.open_order_of.is_some()).map(|p| p.id).collect();
    for id in open {
        account.close_payment(c, folder, id, PaymentCommand::Supersede, "a newer order").await?;
    }
    Ok(())
}

fn wallet_request(payment: &Payment, folder: &Folder) -> WalletPaymentRequested {
    WalletPaymentRequested {
        payment_id: payment.id.into(),
        booking_id: payment.booking_id.into(),
        user_id: payment.user_id.into(),
        amount_paise: payment.amount_paise.paise(),
        booking_number: folder.booking.number.clone(),
        requested_at: payment.created_at.micros(),
    }
}
