//! A payment is started: nothing is paid yet, but its amount is spoken for.

use super::account::Account;
use super::folder::Folder;
use crate::domain::booking::may_pay;
use crate::domain::payment::{PaymentCommand, may_be_chosen};
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
