//! Transfers by a bank's API: attempts, their outcomes, the bank's reports, and what they mean for the payout.
//!
//! A job and the handler of webhooks make the calls, outside of transactions. Every function locks the payout, then its
//! transfer.

use super::advance::{Move, execute_locked};
use crate::domain::bank_file::Settlement;
use crate::domain::payout::Command;
use crate::domain::transfer::{
    BankReport, NextCall, PayoutOutcome, ReportEffect, TransferConflict, TransferFacts, TransferState, decide_outcome,
    decide_report, may_be_withdrawn, next_call, next_check, next_retry,
};
use crate::error::PayoutError;
use crate::store::payouts::{self, Payout};
use crate::store::transfers;
pub use crate::store::transfers::{Transfer, TransferFilter};
use db::DbConnection;
use domain::{PayoutId, Reason, Timestamp};

const MAX_REASON_CHARS: usize = 300;
/// Reason of a failure or return that the bank gives none for.
const NO_REASON: &str = "the bank gave no reason";

/// A transfer whose turn it is, and what to ask the API.
#[derive(Debug, Clone)]
pub struct TransferTask {
    pub payout: Payout,
    pub transfer: Transfer,
    pub call: NextCall,
}

/// Lists transfers that are due at `now`.
pub async fn list_due(c: &mut DbConnection, now: Timestamp, limit: i64) -> Result<Vec<PayoutId>, PayoutError> {
    Ok(transfers::list_due(c, now, limit).await?)
}

/// Times since which the transfers that meet the condition are in their state.
pub async fn list_times(
    c: &mut DbConnection,
    filter: TransferFilter,
    limit: i64,
) -> Result<Vec<Timestamp>, PayoutError> {
    Ok(transfers::list_times(c, filter, limit).await?)
}

async fn lock(c: &mut DbConnection, id: PayoutId) -> Result<Option<(Payout, Transfer)>, PayoutError> {
    let Some(payout) = payouts::lock(c, id).await? else { return Ok(None) };
    Ok(transfers::lock(c, id).await?.map(|transfer| (payout, transfer)))
}

/// Takes the turn of a transfer, and schedules the next one. `None` if it is not due, or if nothing is left to ask.
pub async fn claim(c: &mut DbConnection, id: PayoutId, now: Timestamp) -> Result<Option<TransferTask>, PayoutError> {
    let Some((payout, mut transfer)) = lock(c, id).await? else { return Ok(None) };
    if transfer.next_attempt_at.is_none_or(|at| at > now) {
        return Ok(None);
    }
    let call = next_call(transfer.state);
    transfer.attempts = transfer.attempts.saturating_add(1);
    transfer.next_attempt_at = match call {
        Some(NextCall::Create | NextCall::Find) => Some(next_retry(transfer.attempts, now)),
        Some(NextCall::Get) => next_check(transfer.state, transfer.attempts, transfer.changed_at, now),
        None => None,
    };
    transfers::save(c, &transfer).await?;
    Ok(call.map(|call| TransferTask { payout, transfer, call }))
}

/// Records that the API is about to be asked for the transfer, so that a crash after the call is not mistaken for "not
/// asked". Returns the body of the request: that of the first one, whatever `request` is now. `None` if the transfer was
/// withdrawn or reported meanwhile.
pub async fn begin_send(
    c: &mut DbConnection,
    id: PayoutId,
    request: &str,
    now: Timestamp,
) -> Result<Option<String>, PayoutError> {
    let Some((_, mut transfer)) = lock(c, id).await? else { return Ok(None) };
    if !matches!(transfer.state, TransferState::Intended | TransferState::Sent) {
        return Ok(None);
    }
    enter(&mut transfer, TransferState::Sent, now);
    transfer.sent_at = transfer.sent_at.or(Some(now));
    let body = transfer.request.get_or_insert_with(|| request.to_owned()).clone();
    transfers::save(c, &transfer).await?;
    Ok(Some(body))
}

/// Records why an attempt led to nothing. The transfer stays as it is.
pub async fn record_attempt(c: &mut DbConnection, id: PayoutId, reason: &str) -> Result<(), PayoutError> {
    let Some((_, mut transfer)) = lock(c, id).await? else { return Ok(()) };
    if matches!(transfer.state, TransferState::Intended | TransferState::Sent) {
        transfer.reason = cut(reason);
        transfers::save(c, &transfer).await?;
    }
    Ok(())
}

/// Records that the API refused, and has no transfer of this payout. One for which the company's account has too little
/// money is asked for again; any other waits for staff.
pub async fn refuse(
    c: &mut DbConnection,
    id: PayoutId,
    (reason, is_low_balance): (&str, bool),
    now: Timestamp,
) -> Result<(), PayoutError> {
    let Some((_, mut transfer)) = lock(c, id).await? else { return Ok(()) };
    if !matches!(transfer.state, TransferState::Intended | TransferState::Sent) {
        return Ok(());
    }
    transfer.reason = cut(reason);
    if is_low_balance {
        enter(&mut transfer, TransferState::Intended, now);
    } else {
        enter(&mut transfer, TransferState::Refused, now);
        transfer.next_attempt_at = None;
    }
    transfer.low_balance = is_low_balance;
    Ok(transfers::save(c, &transfer).await?)
}

/// Applies the bank's report of the transfer of a payout. A report of a payout without a transfer changes nothing; one
/// that contradicts what is known is recorded for staff.
pub async fn apply_report(
    c: &mut DbConnection,
    id: PayoutId,
    report: &BankReport,
    now: Timestamp,
) -> Result<(), PayoutError> {
    let Some((payout, mut transfer)) = lock(c, id).await? else {
        tracing::warn!(payout = %id, bank_id = report.bank_id, "report of an unknown transfer ignored");
        return Ok(());
    };
    let facts = TransferFacts {
        state: transfer.state,
        bank_id: transfer.bank_id.as_deref(),
        net: payout.net_paise,
        sent_at: transfer.sent_at,
    };
    let (state, utr) = match decide_report(&facts, report, now) {
        Ok(ReportEffect::Unchanged) => return Ok(()),
        Ok(ReportEffect::Move(state)) => (state, String::new()),
        Ok(ReportEffect::Paid { utr }) => (TransferState::Paid, utr),
        Err(conflict) => return record_conflict(c, transfer, report, conflict).await,
    };
    transfer.bank_id = Some(report.bank_id.clone());
    transfer.bank_status.clone_from(&report.word);
    transfer.low_balance = report.is_low_balance;
    transfer.reason = cut(&report.reason);
    if transfer.state != state {
        enter(&mut transfer, state, now);
        transfer.attempts = 0;
        transfer.next_attempt_at = next_check(state, 1, now, now);
    }
    transfers::save(c, &transfer).await?;
    settle(c, payout, &transfer, utr, now).await
}

/// Settles the payout as the state of its transfer says.
async fn settle(
    c: &mut DbConnection,
    payout: Payout,
    transfer: &Transfer,
    utr: String,
    now: Timestamp,
) -> Result<(), PayoutError> {
    let reason = Reason::try_new(&transfer.reason).map_or_else(|_| NO_REASON.to_owned(), Reason::into_string);
    let command = match decide_outcome(transfer.state, payout.status) {
        None => return Ok(()),
        Some(PayoutOutcome::Pay) => return pay(c, payout, transfer, &utr, now).await,
        Some(PayoutOutcome::Fail) => Command::Fail { reason: &reason },
        Some(PayoutOutcome::Return) => Command::Return { reason: &reason },
    };
    execute_locked(c, payout, command, Move { by: None, at: now }).await.map(drop)
}

/// Completes the payout. Should another payout have the bank reference, the bank's id of the transfer stands for it,
/// because the money has been paid.
async fn pay(
    c: &mut DbConnection,
    payout: Payout,
    transfer: &Transfer,
    utr: &str,
    now: Timestamp,
) -> Result<(), PayoutError> {
    let moved = Move { by: None, at: now };
    match execute_locked(c, payout.clone(), Command::Pay { utr }, moved).await {
        Err(PayoutError::UtrKnown(utr)) => {
            tracing::error!(payout = %payout.id, utr, "bank reference belongs to another payout");
            let bank_id = transfer.bank_id.as_deref().unwrap_or_default();
            execute_locked(c, payout, Command::Pay { utr: bank_id }, moved).await.map(drop)
        }
        done => done.map(drop),
    }
}

async fn record_conflict(
    c: &mut DbConnection,
    mut transfer: Transfer,
    report: &BankReport,
    conflict: TransferConflict,
) -> Result<(), PayoutError> {
    let (payout, bank_id) = (transfer.payout_id, &report.bank_id);
    tracing::error!(%payout, bank_id, %conflict, "report of a transfer contradicts what is known");
    transfer.conflicting = true;
    transfer.conflict = cut(&format!("{conflict} ({bank_id}: {})", report.word));
    Ok(transfers::save(c, &transfer).await?)
}

/// Has a refused transfer asked for again, with the same key and body. Errors with `TransferState` for any other.
pub async fn retry(c: &mut DbConnection, id: PayoutId, now: Timestamp) -> Result<(Payout, Transfer), PayoutError> {
    let (payout, mut transfer) = lock(c, id).await?.ok_or(PayoutError::NoTransfer(id))?;
    if transfer.state != TransferState::Refused {
        return Err(PayoutError::TransferState(transfer.state));
    }
    enter(&mut transfer, TransferState::Intended, now);
    transfer.attempts = 0;
    transfer.next_attempt_at = Some(now);
    transfers::save(c, &transfer).await?;
    Ok((payout, transfer))
}

/// Settles a payout as staff say, and withdraws its transfer, which is never asked for again. Errors with
/// `TransferState` if the bank may have the transfer: then its report settles the payout.
pub async fn settle_by_hand(
    c: &mut DbConnection,
    id: PayoutId,
    settlement: &Settlement,
    moved: Move,
) -> Result<super::advance::CommandOutcome, PayoutError> {
    let payout = super::advance::lock(c, id).await?;
    if let Some(mut transfer) = transfers::lock(c, id).await? {
        if !may_be_withdrawn(transfer.state) {
            return Err(PayoutError::TransferState(transfer.state));
        }
        enter(&mut transfer, TransferState::Withdrawn, moved.at);
        transfer.next_attempt_at = None;
        transfers::save(c, &transfer).await?;
    }
    execute_locked(c, payout, settlement.command(), moved).await
}

/// Sets the state, and since when.
fn enter(transfer: &mut Transfer, state: TransferState, now: Timestamp) {
    if transfer.state != state {
        transfer.state = state;
        transfer.changed_at = now;
        transfer.low_balance &= matches!(state, TransferState::Intended | TransferState::Sent | TransferState::Queued);
    }
}

/// The beginning of a text, on one line.
fn cut(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_REASON_CHARS).collect()
}
