//! Refunds at the source: attempts to create them at the gateway, and the outcomes of these calls.

use super::advance_refund::{self, to_gateway_refunds};
use crate::domain::gateway_event::ReportedRefund;
use crate::domain::refund::{RefundSignal, RefundState};
use crate::domain::retry::{next_attempt, next_status_check};
use crate::domain::{GatewayName, RefundId, RefundStatus};
use crate::error::BookingError;
use crate::gateway::SourceRefund;
use crate::store::{gateway_refunds, refunds};
use db::DbConnection;
use domain::Timestamp;
use std::time::Duration;

/// The call to make to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayCall {
    /// Create the refund.
    Create,
    /// List the payment's refunds first: an earlier attempt may have created this one.
    List,
}

/// A refund and the call to make for it.
#[derive(Debug, Clone)]
pub struct RefundTask {
    pub refund: SourceRefund,
    pub call: GatewayCall,
}

/// Outcome of a call to the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundCallOutcome {
    /// The call was not made, because the circuit breaker is open.
    NotSent {
        retry_after: Duration,
    },
    Accepted(ReportedRefund),
    /// All refunds of the payment.
    Listed(Vec<ReportedRefund>),
    /// The gateway refused the refund for good; `listed` are all refunds of the payment.
    Refused {
        listed: Vec<ReportedRefund>,
    },
    /// The gateway may or may not have created the refund.
    Unknown,
}

/// Refunds with a due attempt.
pub async fn list_due(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<RefundId>, BookingError> {
    Ok(refunds::list_due(c, gateway, now, limit).await?)
}

/// The number of sent refunds with an unknown outcome.
pub async fn count_unknown(c: &mut DbConnection) -> Result<i64, BookingError> {
    Ok(refunds::count_unknown(c).await?)
}

/// Records an attempt before the gateway is called, so that a crash after the call is not mistaken for "not sent".
/// `None` when the refund is done or failed.
pub async fn start_attempt(
    c: &mut DbConnection,
    id: RefundId,
    now: Timestamp,
) -> Result<Option<RefundTask>, BookingError> {
    let mut refund = refunds::lock(c, id).await?;
    if !matches!(refund.status, RefundStatus::Requested | RefundStatus::Sent) {
        return Ok(None);
    }
    let (gateway_payment_id, payer) = advance_refund::load_payer(c, &refund).await?;
    let call = if refund.attempts == 0 { GatewayCall::Create } else { GatewayCall::List };
    refund.next_attempt_at = next_attempt(refund.attempts.saturating_add(1), now);
    let rows = gateway_refunds::lock_for_payment(c, payer.gateway, &gateway_payment_id).await?;
    advance_refund::apply_signal(c, &mut refund, rows, &RefundSignal::Attempt, &payer, now).await?;
    let source = SourceRefund { id, gateway_payment_id, amount: refund.amount_paise };
    Ok(Some(RefundTask { refund: source, call }))
}

/// Applies the outcome of a call. Returns whether the gateway still has to create the refund.
pub async fn apply_outcome(
    c: &mut DbConnection,
    id: RefundId,
    outcome: &RefundCallOutcome,
    now: Timestamp,
) -> Result<bool, BookingError> {
    let mut refund = refunds::lock(c, id).await?;
    let (gateway_payment_id, payer) = advance_refund::load_payer(c, &refund).await?;
    let reported: &[ReportedRefund] = match outcome {
        RefundCallOutcome::Accepted(reported) => std::slice::from_ref(reported),
        RefundCallOutcome::Listed(listed) | RefundCallOutcome::Refused { listed } => listed,
        RefundCallOutcome::NotSent { .. } | RefundCallOutcome::Unknown => &[],
    };
    for reported in reported {
        advance_refund::record_report(c, payer.gateway, Some(refund.payment_id), reported, now).await?;
    }
    let rows = gateway_refunds::lock_for_payment(c, payer.gateway, &gateway_payment_id).await?;
    let known = to_gateway_refunds(&rows, &refund.id.to_string());
    let signal = match outcome {
        RefundCallOutcome::NotSent { .. } => RefundSignal::NotSent,
        RefundCallOutcome::Unknown => RefundSignal::Unknown,
        RefundCallOutcome::Accepted(reported) => match known.into_iter().find(|r| r.id == reported.id) {
            Some(refund) => RefundSignal::Reported(refund),
            None => RefundSignal::Unknown,
        },
        RefundCallOutcome::Listed(_) => RefundSignal::Listed(known),
        RefundCallOutcome::Refused { .. } => RefundSignal::Refused { listed: known },
    };
    refund.next_attempt_at = match outcome {
        RefundCallOutcome::NotSent { retry_after } => {
            now.plus_secs(i64::try_from(retry_after.as_secs()).unwrap_or(i64::MAX).clamp(1, 3_600))
        }
        RefundCallOutcome::Accepted(_) | RefundCallOutcome::Listed(_) | RefundCallOutcome::Refused { .. } => {
            next_status_check(refund.attempts, now)
        }
        RefundCallOutcome::Unknown => refund.next_attempt_at,
    };
    let state: RefundState = advance_refund::apply_signal(c, &mut refund, rows, &signal, &payer, now).await?;
    Ok(state.needs_create()?)
}
