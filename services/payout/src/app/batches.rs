//! Batches of approved payouts, and the bank's answer to them.

use super::advance::{CommandOutcome, Move, execute_locked};
use crate::domain::BatchId;
use crate::domain::bank_file::AnswerLine;
use crate::domain::payout::{Command, PayoutStatus, may_decide};
use crate::domain::transfer::Channel;
use crate::error::PayoutError;
use crate::store::batches::{self, Batch};
use crate::store::payouts::{self, Payout};
use crate::store::transfers::{self, Transfer};
use db::DbConnection;
use domain::{Money, PayoutId, Timestamp, UserId};

/// Upper limit of payouts in one batch, small enough for the upload form of a bank.
const MAX_BATCH_PAYOUTS: i64 = 1_000;
/// Encryption purpose of account numbers.
pub const ACCOUNT_PURPOSE: &str = "bank_account";

/// Creates a batch of the approved payouts that are in no batch yet and sends them. By an API, each gets a transfer, which
/// is recorded before the API is asked. Returns the batch and its payouts. Errors with `NothingToSend` if there are none.
pub async fn create_batch(
    c: &mut DbConnection,
    id: BatchId,
    channel: Channel,
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
        channel,
    };
    batches::insert(c, &batch).await?;
    let (mut sent, moved) = (Vec::with_capacity(unsent.len()), Move { by: Some(by), at: now });
    for payout in unsent {
        let outcome = execute_locked(c, payout, Command::Send { batch: id }, moved).await?;
        sent.push(outcome.payout);
    }
    if channel != Channel::Manual {
        let intended: Vec<Transfer> = sent.iter().map(|p| Transfer::intended(p.id, channel, now)).collect();
        transfers::insert_all(c, &intended).await?;
    }
    Ok((batch, sent))
}

/// Counts the payouts that [`create_batch`] would send, and adds up their net amounts.
pub async fn sum_next_batch(c: &mut DbConnection) -> Result<(usize, Money), PayoutError> {
    let amounts = payouts::list_unsent_amounts(c, MAX_BATCH_PAYOUTS).await?;
    Ok((amounts.len(), Money::total(amounts)?))
}

/// Applies the bank's answer, uploaded by `by`: all lines or none. Returns the payouts that changed. Errors with
/// `NotInBatch` for a payout of another batch, and refuses a payout that `by` requested.
pub async fn apply_bank_answer(
    c: &mut DbConnection,
    batch: BatchId,
    lines: Vec<AnswerLine>,
    by: UserId,
    now: Timestamp,
) -> Result<Vec<Payout>, PayoutError> {
    let mut settled = Vec::new();
    for line in &lock_for_answer(c, batch, lines).await? {
        let payout = lock_in_batch(c, batch, line.payout_id).await?;
        let outcome = settle(c, payout, line, by, now).await?;
        if outcome.changed {
            settled.push(outcome.payout);
        }
    }
    Ok(settled)
}

/// Effect of one line of an answer.
#[derive(Debug)]
pub struct LineEffect {
    pub line: AnswerLine,
    /// Net amount and status of the payout before the line; `None` if it is not in the batch.
    pub before: Option<(Money, PayoutStatus)>,
    /// Status after the line, and whether the line changed the payout; or why it is refused.
    pub outcome: Result<(PayoutStatus, bool), PayoutError>,
}

/// Applies the bank's answer like [`apply_bank_answer`], but goes on after a refused line. Returns the effect of each
/// line, in the order of the file. The caller rolls everything back.
pub async fn try_bank_answer(
    c: &mut DbConnection,
    batch: BatchId,
    lines: Vec<AnswerLine>,
    by: UserId,
    now: Timestamp,
) -> Result<Vec<LineEffect>, PayoutError> {
    let mut effects = Vec::with_capacity(lines.len());
    for line in lock_for_answer(c, batch, lines).await? {
        let (before, outcome) = match lock_in_batch(c, batch, line.payout_id).await {
            Ok(payout) => {
                let before = (payout.net_paise, payout.status);
                (Some(before), settle(c, payout, &line, by, now).await)
            }
            Err(error) => (None, Err(error)),
        };
        let outcome = match outcome {
            Err(error) if !error.is_refused_answer() => return Err(error),
            Err(refused) => Err(refused),
            Ok(outcome) => Ok((outcome.payout.status, outcome.changed)),
        };
        effects.push(LineEffect { line, before, outcome });
    }
    effects.sort_by_key(|effect| effect.line.line);
    Ok(effects)
}

/// Locks the batch. Returns the lines in the order in which payouts are locked: by ascending id.
async fn lock_for_answer(
    c: &mut DbConnection,
    batch: BatchId,
    mut lines: Vec<AnswerLine>,
) -> Result<Vec<AnswerLine>, PayoutError> {
    batches::lock(c, batch).await?;
    lines.sort_by_key(|line| line.payout_id);
    Ok(lines)
}

/// Locks and loads a payout of the batch. Errors with `NotInBatch` for any other.
async fn lock_in_batch(c: &mut DbConnection, batch: BatchId, id: PayoutId) -> Result<Payout, PayoutError> {
    let payout = payouts::lock(c, id).await?.filter(|payout| payout.batch_id == Some(batch));
    payout.ok_or(PayoutError::NotInBatch(id))
}

/// Settles a locked payout as the line says. Refuses a payout that `by` requested.
async fn settle(
    c: &mut DbConnection,
    payout: Payout,
    line: &AnswerLine,
    by: UserId,
    now: Timestamp,
) -> Result<CommandOutcome, PayoutError> {
    may_decide(payout.user_id, by)?;
    execute_locked(c, payout, line.settlement.command(), Move { by: Some(by), at: now }).await
}
