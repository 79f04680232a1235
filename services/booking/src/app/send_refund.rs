//! A refund at its source: the gateway is asked, and what it answers takes effect.

use super::settle_refund::{self, Payer, ReportedRefund, counted};
use crate::domain::refund::{RefundSignal, RefundState};
use crate::domain::retry::{next_attempt, next_question};
use crate::domain::{GatewayName, RefundId, RefundStatus};
use crate::error::BookingError;
use crate::gateway::SourceRefund;
use crate::store::refunds::{self, Refund};
use crate::store::{bookings, gateway_refunds, payments};
use db::DbConnection;
use domain::Timestamp;
use std::time::Duration;

/// What the gateway is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Create,
    /// What refunds there are: it was asked before, and may have made ours.
    Find,
}

/// A refund to ask a gateway about.
#[derive(Debug, Clone)]
pub struct Order {
    pub refund: SourceRefund,
    pub call: Call,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    NotAsked {
        retry_after: Duration,
    },
    Accepted(ReportedRefund),
    Listed(Vec<ReportedRefund>),
    /// The gateway will not make it; these are all that it has.
    Refused {
        listed: Vec<ReportedRefund>,
    },
    Unknown,
}

/// Refunds that a gateway has to be asked about.
pub async fn due(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<RefundId>, BookingError> {
    Ok(refunds::due(c, gateway, now, limit).await?)
}

/// How many refunds were sent and have an unknown outcome.
pub async fn count_unknown(c: &mut DbConnection) -> Result<i64, BookingError> {
    Ok(refunds::count_unknown(c).await?)
}

async fn source(c: &mut DbConnection, refund: &Refund) -> Result<(SourceRefund, Payer), BookingError> {
    let payment = payments::find(c, refund.payment_id).await?.ok_or(BookingError::NotFound)?;
    let booking = bookings::find(c, refund.booking_id).await?.ok_or(BookingError::NotFound)?;
    let broken = || BookingError::Broken(format!("refund {} has no source", refund.id));
    let payer = Payer {
        gateway: payment.gateway.ok_or_else(broken)?,
        payment_id: refund.payment_id,
        booking_id: refund.booking_id,
        user_id: refund.user_id,
        booking_number: booking.number,
    };
    let gateway_payment_id = payment.gateway_payment_id.ok_or_else(broken)?;
    Ok((SourceRefund { id: refund.id, gateway_payment_id, amount: refund.amount_paise }, payer))
}

/// Notes that the gateway is about to be asked: whatever happens after, it is known that it may have been. `None` where
/// there is nothing to ask any more.
pub async fn begin(c: &mut DbConnection, id: RefundId, now: Timestamp) -> Result<Option<Order>, BookingError> {
    let mut refund = refunds::lock(c, id).await?;
    if !matches!(refund.status, RefundStatus::Requested | RefundStatus::Sent) {
        return Ok(None);
    }
    let (source, payer) = source(c, &refund).await?;
    let call = if refund.attempts == 0 { Call::Create } else { Call::Find };
    refund.next_attempt_at = next_attempt(refund.attempts.saturating_add(1), now);
    let rows = gateway_refunds::lock_of(c, payer.gateway, &source.gateway_payment_id).await?;
    settle_refund::take(c, &mut refund, rows, &RefundSignal::Attempt, &payer, now).await?;
    Ok(Some(Order { refund: source, call }))
}

/// Takes the gateway's answer. Says whether it has to be asked to make the refund.
pub async fn take_answer(
    c: &mut DbConnection,
    id: RefundId,
    answer: &Answer,
    now: Timestamp,
) -> Result<bool, BookingError> {
    let mut refund = refunds::lock(c, id).await?;
    let (source, payer) = source(c, &refund).await?;
    let reported: &[ReportedRefund] = match answer {
        Answer::Accepted(reported) => std::slice::from_ref(reported),
        Answer::Listed(listed) | Answer::Refused { listed } => listed,
        Answer::NotAsked { .. } | Answer::Unknown => &[],
    };
    for reported in reported {
        settle_refund::note(c, payer.gateway, Some(payer.payment_id), reported, now).await?;
    }
    let rows = gateway_refunds::lock_of(c, payer.gateway, &source.gateway_payment_id).await?;
    let known = counted(&rows, &refund.id.to_string());
    let signal = match answer {
        Answer::NotAsked { .. } => RefundSignal::NotAsked,
        Answer::Unknown => RefundSignal::Unknown,
        Answer::Accepted(reported) => match known.into_iter().find(|r| r.id == reported.id) {
            Some(refund) => RefundSignal::Reported(refund),
            None => RefundSignal::Unknown,
        },
        Answer::Listed(_) => RefundSignal::Listed(known),
        Answer::Refused { .. } => RefundSignal::Refused { listed: known },
    };
    refund.next_attempt_at = match answer {
        Answer::NotAsked { retry_after } => {
            now.plus_secs(i64::try_from(retry_after.as_secs()).unwrap_or(i64::MAX).clamp(1, 3_600))
        }
        Answer::Accepted(_) | Answer::Listed(_) | Answer::Refused { .. } => next_question(refund.attempts, now),
        Answer::Unknown => refund.next_attempt_at,
    };
    let state: RefundState = settle_refund::take(c, &mut refund, rows, &signal, &payer, now).await?;
    Ok(state.wants_create()?)
}
