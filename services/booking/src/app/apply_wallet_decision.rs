//! Decisions of the wallet about payments that it was asked for.

use super::buyer_session::{self, BuyerSession};
use super::locked_rows;
use super::plan_versions::{in_force_at, load_history};
use crate::domain::PaymentStatus;
use crate::domain::aggregate::{BookingAggregate, Command, Payment, ReceivedMoney};
use crate::domain::received_money::MoneySource;
use crate::error::BookingError;
use crate::store::payments;
use db::DbConnection;
use domain::{BookingId, Money, PaymentId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};

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

/// As [`apply`] for any number of decisions, with few statements for those about pending payments.
pub async fn apply_all(c: &mut DbConnection, decisions: &[WalletDecision]) -> Result<(), BookingError> {
    // A single decision saves no statement.
    let remaining =
        if decisions.len() > 1 { apply_to_pending(c, decisions).await? } else { decisions.iter().collect() };
    for decision in remaining {
        apply(c, decision).await?;
    }
    Ok(())
}

/// Locks the members and then their bookings, each by id, and completes or fails pending payments. Returns the other
/// decisions, in order: a member's second one, which depends on what the first one changes, one beside waiting
/// reserves, and one whose payment is not pending or has another amount.
async fn apply_to_pending<'a>(
    c: &mut DbConnection,
    decisions: &'a [WalletDecision],
) -> Result<Vec<&'a WalletDecision>, BookingError> {
    let ids: Vec<PaymentId> = decisions.iter().map(|d| d.payment_id).collect();
    let payments: BTreeMap<PaymentId, Payment> =
        payments::list_by_ids(c, &ids).await?.into_iter().map(|p| (p.id, p)).collect();
    let users: BTreeSet<UserId> = payments.values().map(|p| p.user_id).collect();
    let mut members = locked_rows::lock_members_without_reserves(c, &users).await?;
    let plans = load_history(c).await?;
    let own = payments.values().filter(|p| members.contains_key(&p.user_id));
    let ids: BTreeSet<BookingId> = own.map(|p| p.booking_id).collect();
    let mut bookings = locked_rows::lock_all(c, &ids).await?;
    let (mut sessions, mut remaining) = (Vec::new(), Vec::new());
    for decision in decisions {
        let found = payments
            .get(&decision.payment_id)
            .and_then(|payment| Some((members.remove(&payment.user_id)?, bookings.remove(&payment.booking_id)?)));
        let Some((member, booking)) = found.filter(|(_, booking)| is_plain(booking, decision)) else {
            remaining.push(decision);
            continue;
        };
        let (id, plan) = (booking.booking().id, in_force_at(&plans, decision.at)?);
        let mut session = BuyerSession::new(member, vec![booking], (decision.at, decision.at), plan);
        apply_in(&mut session, id, decision)?;
        sessions.push(session);
    }
    buyer_session::save_all(c, sessions).await?;
    Ok(remaining)
}

/// Whether the decision completes or fails a pending payment.
fn is_plain(booking: &BookingAggregate, decision: &WalletDecision) -> bool {
    booking.payment(decision.payment_id).is_ok_and(|payment| {
        payment.status == PaymentStatus::Pending && (!decision.is_paid || decision.amount == payment.amount_paise)
    })
}

fn apply_in(session: &mut BuyerSession, booking: BookingId, decision: &WalletDecision) -> Result<(), BookingError> {
    let payment = decision.payment_id;
    if decision.is_paid {
        let money = ReceivedMoney::new(payment, MoneySource::Wallet, decision.amount);
        session.apply(booking, &Command::ReceiveMoney(&money))
    } else {
        session.apply(booking, &Command::ReportFailure { payment, reason: &decision.reason })
    }
}

/// Completes or fails the payment. Money that the wallet debited and that cannot complete the payment is returned to
/// it, once. Errors with `NotFound` when the payment does not exist.
pub async fn apply(c: &mut DbConnection, decision: &WalletDecision) -> Result<(), BookingError> {
    let found = payments::find(c, decision.payment_id).await?.ok_or(BookingError::NotFound)?;
    let mut session = BuyerSession::lock_payment(c, &found, decision.at).await?;
    apply_in(&mut session, found.booking_id, decision)?;
    session.finish(c).await
}
