//! Transfers by the bank's API: requests, and questions about those whose outcome is not known or not final.

use crate::PayoutState;
use crate::app::batches::ACCOUNT_PURPOSE;
use crate::app::payees;
use crate::app::transfer::{self, TransferFilter, TransferTask};
use crate::bank::{BankError, BankTransfer, CreateOutcome, Payee, TransferOrder};
use crate::domain::transfer::{BankReport, NextCall, TransferState};
use crate::error::PayoutError;
use domain::{Ifsc, PayoutId};
use runtime::jobs::JobError;
use runtime::telemetry::gauge_value;
use secrecy::ExposeSecret;

const MAX_BATCH_TRANSFERS: i64 = 100;
const MAX_COUNTED: i64 = 1_000;
/// Purpose of the keyed hash of a payee's details.
const PAYEE_PURPOSE: &str = "payee";
/// Seconds after which an unknown outcome is counted.
const UNKNOWN_AFTER_SECS: i64 = 900;

/// Makes the calls that are due. One that fails does not delay the others.
pub(super) async fn run(state: PayoutState) -> Result<(), JobError> {
    let ctx = &state.ctx;
    let due = transfer::list_due(&mut *ctx.db().read().await?, ctx.now(), MAX_BATCH_TRANSFERS).await?;
    for id in due {
        if let Err(error) = run_one(&state, id).await {
            tracing::error!(payout = %id, %error, "transfer attempt failed");
        }
    }
    report_gauges(&state).await
}

async fn report_gauges(state: &PayoutState) -> Result<(), JobError> {
    let (mut c, now) = (state.ctx.db().read().await?, state.ctx.now());
    let sent = transfer::list_times(&mut c, TransferFilter::State(TransferState::Sent), MAX_COUNTED).await?;
    let unknown = sent.iter().filter(|since| now.since(**since).num_seconds() >= UNKNOWN_AFTER_SECS).count();
    metrics::gauge!("payout_transfers", "state" => "unknown").set(gauge_value(i64::try_from(unknown)?));
    for (name, filter) in [
        ("refused", TransferFilter::State(TransferState::Refused)),
        ("low_balance", TransferFilter::LowBalance),
        ("conflicting", TransferFilter::Conflict),
    ] {
        let count = transfer::list_times(&mut c, filter, MAX_COUNTED).await?.len();
        metrics::gauge!("payout_transfers", "state" => name).set(gauge_value(i64::try_from(count)?));
    }
    Ok(())
}

async fn run_one(state: &PayoutState, id: PayoutId) -> Result<(), PayoutError> {
    let (ctx, now) = (&state.ctx, state.ctx.now());
    let Some(task) = ctx.tx(async |c| transfer::claim(c, id, now).await).await? else { return Ok(()) };
    let Some(bank) = state.bank.get(task.transfer.channel) else {
        return record(state, id, "the bank's API is not configured").await;
    };
    let reports = match (task.call, &task.transfer.bank_id) {
        (NextCall::Create, _) => return send(state, bank.as_ref(), &task).await,
        (NextCall::Get, Some(bank_id)) => bank.get(bank_id).await.map(|report| vec![report]),
        (NextCall::Find | NextCall::Get, _) => bank.find(id).await,
    };
    match reports {
        // An earlier request did not take effect, so the same one is made again.
        Ok(reports) if reports.is_empty() && task.call == NextCall::Find => send(state, bank.as_ref(), &task).await,
        Ok(reports) => apply(state, id, &reports).await,
        Err(error) => record(state, id, &error.to_string()).await,
    }
}

/// Asks the API for the transfer.
async fn send(state: &PayoutState, bank: &dyn BankTransfer, task: &TransferTask) -> Result<(), PayoutError> {
    let (ctx, id) = (&state.ctx, task.payout.id);
    let request = match &task.transfer.request {
        Some(request) => request.clone(),
        None => match find_or_create_account(state, bank, task).await {
            Ok(payee_account) => {
                let order = TransferOrder { payout_id: id, payee_account, net: task.payout.net_paise };
                bank.request_body(&order)
            }
            Err(PayoutError::Bank(BankError::Refused { reason, is_low_balance })) => {
                let now = ctx.now();
                return ctx.tx(async |c| transfer::refuse(c, id, (&reason, is_low_balance), now).await).await;
            }
            Err(PayoutError::Bank(error)) => return record(state, id, &error.to_string()).await,
            Err(error) => return Err(error),
        },
    };
    let now = ctx.now();
    let Some(body) = ctx.tx(async |c| transfer::begin_send(c, id, &request, now).await).await? else { return Ok(()) };
    match bank.create(id, &body).await {
        CreateOutcome::Accepted(report) => apply(state, id, &[report]).await,
        CreateOutcome::Refused { reason, is_low_balance } => {
            // An earlier request may have taken effect, whatever the API says to this one.
            match bank.find(id).await {
                Ok(reports) if reports.is_empty() => {
                    let now = ctx.now();
                    ctx.tx(async |c| transfer::refuse(c, id, (&reason, is_low_balance), now).await).await
                }
                Ok(reports) => apply(state, id, &reports).await,
                Err(error) => record(state, id, &error.to_string()).await,
            }
        }
        CreateOutcome::Unknown { reason } => record(state, id, &reason).await,
        CreateOutcome::NotSent { retry_after } => {
            record(state, id, &format!("not asked; the circuit breaker is open for {} s", retry_after.as_secs())).await
        }
    }
}

async fn apply(state: &PayoutState, id: PayoutId, reports: &[BankReport]) -> Result<(), PayoutError> {
    let now = state.ctx.now();
    for report in reports {
        state.ctx.tx(async |c| transfer::apply_report(c, id, report, now).await).await?;
    }
    Ok(())
}

async fn record(state: &PayoutState, id: PayoutId, reason: &str) -> Result<(), PayoutError> {
    tracing::warn!(payout = %id, reason, "transfer attempt led to nothing");
    state.ctx.tx(async |c| transfer::record_attempt(c, id, reason).await).await
}

/// The API's id of the account that the payout goes to. It and the contact of the member are created when they are paid
/// for the first time. Errors with `Bank`.
async fn find_or_create_account(
    state: &PayoutState,
    bank: &dyn BankTransfer,
    task: &TransferTask,
) -> Result<String, PayoutError> {
    let payout = &task.payout;
    let payee = Payee {
        user_id: payout.user_id,
        holder_name: payout.holder_name.clone(),
        account_number: state.sealer.open(ACCOUNT_PURPOSE, &payout.account_sealed)?,
        ifsc: Ifsc::try_new(&payout.ifsc).map_err(|_| PayoutError::StoredIfsc(payout.id))?,
    };
    let (source, user) = (bank.source(), payee.user_id);
    let index = |details: &str| state.sealer.index(PAYEE_PURPOSE, &format!("{source}|{user}|{details}"));
    let account = index(&format!("{}|{}|{}", payee.account_number.expose_secret(), payee.ifsc, payee.holder_name));
    if let Some(known) = find_payee(state, &account).await? {
        return Ok(known);
    }
    let contact_index = index("contact");
    let contact = match find_payee(state, &contact_index).await? {
        Some(known) => known,
        None => store_payee(state, &contact_index, bank.create_contact(&payee).await?).await?,
    };
    store_payee(state, &account, bank.create_account(&contact, &payee).await?).await
}

async fn find_payee(state: &PayoutState, details_index: &[u8]) -> Result<Option<String>, PayoutError> {
    payees::find(&mut *state.ctx.db().read().await?, details_index).await
}

/// Stores the API's id of a payee, and returns the one that is stored.
async fn store_payee(state: &PayoutState, details_index: &[u8], bank_id: String) -> Result<String, PayoutError> {
    let now = state.ctx.now();
    state.ctx.tx(async |c| payees::store(c, details_index, &bank_id, now).await).await
}
