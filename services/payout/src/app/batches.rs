//! Batches of approved payouts: the file for the bank and the bank's answer.

use super::advance::{self, execute_locked};
use crate::domain::BatchId;
use crate::domain::bank_file::{AnswerLine, FILE_COLUMNS, escape_cell};
use crate::domain::payout::{Command, PayoutStatus, may_decide};
use crate::error::PayoutError;
use crate::store::batches::{self, Batch};
use crate::store::payouts::{self, Payout};
use db::DbConnection;
use domain::{Money, Timestamp, UserId};
use pii::Sealer;
use secrecy::ExposeSecret;

/// Upper limit of payouts in one batch, small enough for the upload form of a bank.
const MAX_BATCH_PAYOUTS: i64 = 1_000;
/// Encryption purpose of account numbers.
pub const ACCOUNT_PURPOSE: &str = "bank_account";

/// Creates a batch of the approved payouts that are in no batch yet and sends them. Returns the batch and its payouts.
/// Errors with `NothingToSend` if there are none.
pub async fn create_batch(
    c: &mut DbConnection,
    id: BatchId,
    by: UserId,
    now: Timestamp,
) -> Result<(Batch, Vec<Payout>), PayoutError> {
    let unsent = payouts::lock_unsent(c, MAX_BATCH_PAYOUTS).await?;
    if unsent.is_empty() {
        return Err(PayoutError::NothingToSend);
    }
    let batch = Batch {
        id,
        created_by: by,
        payouts: u32::try_from(unsent.len())?.into(),
        total_paise: Money::total(unsent.iter().map(|p| p.net_paise))?,
        created_at: now,
    };
    batches::insert(c, &batch).await?;
    let mut sent = Vec::with_capacity(unsent.len());
    for payout in unsent {
        let outcome = execute_locked(c, payout, Command::Send { batch: id }, now).await?;
        sent.push(outcome.payout);
    }
    Ok((batch, sent))
}

/// Writes the CSV file for the bank. This is the only place that decrypts account numbers. Leaves out payouts that
/// staff settled by hand since the batch was created, because the bank would pay them again.
pub async fn write_bank_file(c: &mut DbConnection, batch: BatchId, sealer: &Sealer) -> Result<Vec<u8>, PayoutError> {
    let mut file = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| PayoutError::File(error.into());
    file.write_record(FILE_COLUMNS).map_err(failed)?;
    for payout in payouts::list_in_batch(c, batch, PayoutStatus::Processing).await? {
        file.write_record(file_row(&payout, sealer)?).map_err(failed)?;
    }
    file.into_inner().map_err(|error| PayoutError::File(error.into_error()))
}

fn file_row(payout: &Payout, sealer: &Sealer) -> Result<[String; 7], PayoutError> {
    let account = sealer.open(ACCOUNT_PURPOSE, &payout.account_sealed)?;
    Ok([
        payout.id.to_string(),
        escape_cell(&payout.holder_name),
        escape_cell(account.expose_secret()),
        escape_cell(&payout.ifsc),
        escape_cell(&payout.bank_name),
        payout.net_paise.to_string(),
        format!("payout {}", payout.id),
    ])
}

/// Applies the bank's answer, uploaded by `by`: all lines or none. Returns the payouts that changed. Errors with
/// `NotInBatch` for a payout of another batch, and refuses a payout that `by` requested.
pub async fn apply_bank_answer(
    c: &mut DbConnection,
    batch: BatchId,
    mut lines: Vec<AnswerLine>,
    by: UserId,
    now: Timestamp,
) -> Result<Vec<Payout>, PayoutError> {
    batches::lock(c, batch).await?;
    // Lock order of payouts: ascending id.
    lines.sort_by_key(|line| line.payout_id);
    let mut settled = Vec::new();
    for line in &lines {
        let payout = match advance::lock(c, line.payout_id).await {
            Err(PayoutError::UnknownPayout(id)) => return Err(PayoutError::NotInBatch(id)),
            found => found?,
        };
        if payout.batch_id != Some(batch) {
            return Err(PayoutError::NotInBatch(payout.id));
        }
        may_decide(payout.user_id, by)?;
        let outcome = execute_locked(c, payout, line.settlement.command(), now).await?;
        if outcome.changed {
            settled.push(outcome.payout);
        }
    }
    Ok(settled)
}
