//! Approved payouts go to the bank in one file, and its answer comes back.

use super::advance::{self, carry_out};
use super::settle::settle_locked;
use crate::domain::BatchId;
use crate::domain::bank_file::{AnswerLine, FILE_COLUMNS, safe_cell};
use crate::domain::payout::{Command, Status, may_decide};
use crate::error::PayoutError;
use crate::store::batches::{self, Batch};
use crate::store::payouts::{self, Payout};
use chassis::pii::Sealer;
use db::DbConnection;
use domain::{Money, Timestamp, UserId};
use secrecy::ExposeSecret;

/// A file a bank's web page takes.
const MOST_IN_A_BATCH: i64 = 1_000;
/// What an account number is sealed for.
pub const ACCOUNT_PURPOSE: &str = "bank_account";

/// Puts every approved payout that is in no batch into a new one. Returns it and what is in it.
pub async fn open_batch(
    c: &mut DbConnection,
    id: BatchId,
    by: UserId,
    now: Timestamp,
) -> Result<(Batch, Vec<Payout>), PayoutError> {
    let unsent = payouts::lock_unsent(c, MOST_IN_A_BATCH).await?;
    if unsent.is_empty() {
        return Err(PayoutError::NothingToSend);
    }
    let batch = Batch {
        id,
        created_by: by,
        payouts: i64::try_from(unsent.len()).unwrap_or(MOST_IN_A_BATCH),
        total_paise: Money::total(unsent.iter().map(|p| p.net_paise))?,
        created_at: now,
    };
    batches::insert(c, &batch).await?;
    let mut sent = Vec::with_capacity(unsent.len());
    for payout in unsent {
        let done = carry_out(c, payout, Command::Send, now, |payout| payout.batch_id = Some(id)).await?;
        sent.push(done.payout);
    }
    Ok((batch, sent))
}

/// The file for the bank: the only place where account numbers are opened. What was settled by hand since the
/// batch was opened is not in it: a bank that is given it would pay again.
pub async fn bank_file(c: &mut DbConnection, batch: BatchId, sealer: &Sealer) -> Result<Vec<u8>, PayoutError> {
    let mut file = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| PayoutError::File(error.into());
    file.write_record(FILE_COLUMNS).map_err(failed)?;
    for payout in payouts::of_batch(c, batch, Status::Processing).await? {
        file.write_record(line(&payout, sealer)?).map_err(failed)?;
    }
    file.into_inner().map_err(|error| PayoutError::File(error.into_error()))
}

fn line(payout: &Payout, sealer: &Sealer) -> Result<[String; 7], PayoutError> {
    let account = sealer.open(ACCOUNT_PURPOSE, &payout.account_sealed)?;
    Ok([
        payout.id.to_string(),
        safe_cell(&payout.holder_name),
        safe_cell(account.expose_secret()),
        safe_cell(&payout.ifsc),
        safe_cell(&payout.bank_name),
        payout.net_paise.to_string(),
        format!("payout {}", payout.id),
    ])
}

/// Takes the bank's answer from `by`: all of its lines or none. Returns the payouts it changed.
pub async fn take_answer(
    c: &mut DbConnection,
    batch: BatchId,
    mut lines: Vec<AnswerLine>,
    by: UserId,
    now: Timestamp,
) -> Result<Vec<Payout>, PayoutError> {
    batches::lock(c, batch).await?;
    // In the order of ids, as everybody locks payouts.
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
        let done = settle_locked(c, payout, &line.settlement, now).await?;
        if done.changed {
            settled.push(done.payout);
        }
    }
    Ok(settled)
}
