//! Handlers for batches: creation, bank file and the bank's answer.

use super::view::{BatchView, SettledView};
use super::{Subject, audit_detail, record_audit};
use crate::PayoutState;
use crate::app::batches;
use crate::domain::BatchId;
use crate::domain::bank_file::{ANSWER_COLUMNS, AnswerLine, Settlement, TransferOutcome};
use crate::domain::payout::PayoutStatus;
use crate::store::batches::{self as store, Batch};
use crate::store::payouts::{self, Payout};
use actix_web::web;
use db::DbConnection;
use domain::Timestamp;
use http_api::problem::FieldError;
use http_api::{Caller, Created, Download, File, FileType, FileTypes, Idempotent, Json, Path, Problem, operation};
use runtime::id;

/// The bank's answer to a batch.
pub(super) struct BankAnswer;

impl FileType for BankAnswer {
    const CONTENT_TYPE: &'static str = "text/csv";
    const MAX_BYTES: usize = 1024 * 1024;
}

/// The file of a batch for the bank.
pub(super) struct BankFile;

impl FileTypes for BankFile {
    const CONTENT_TYPES: &'static [&'static str] = &["text/csv"];
}

/// Create a batch of all approved payouts for the bank.
///
/// 409 if no approved payout waits for a transfer.
#[operation]
pub(super) async fn create(
    state: web::Data<PayoutState>,
    caller: Caller,
    request: Idempotent,
) -> Result<Created<BatchView>, Problem> {
    let (request, now) = (request.read_empty().await?, state.ctx.now());
    request
        .run(&state.ctx, async |c| {
            let (batch, sent) = batches::create_batch(c, id::fresh(), caller.user_id, now).await?;
            let detail = format!("{} payouts of {}", batch.payouts, batch.total_paise);
            record_audit(c, &caller, now, "payout.batch_open", Subject::Batch(batch.id), &detail).await?;
            record_audit_each(c, &caller, now, "payout.send", batch.id, &sent).await?;
            let open = batch.payouts.get().into();
            Ok(BatchView::from_batch(batch, open))
        })
        .await
}

/// One batch.
#[operation]
pub(super) async fn get(state: web::Data<PayoutState>, Path(id): Path<BatchId>) -> Result<Json<BatchView>, Problem> {
    let batch = load_batch(&state, id).await?;
    let mut c = state.ctx.db().read().await?;
    let open = payouts::count_in_batch(&mut c, id, PayoutStatus::Processing).await?;
    Ok(Json::new(BatchView::from_batch(batch, open)))
}

/// The batch as a CSV file for the bank.
///
/// It has the payouts without an answer only, with their account numbers, and every download is in the audit log.
#[operation]
pub(super) async fn get_file(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<BatchId>,
) -> Result<Download<BankFile>, Problem> {
    load_batch(&state, id).await?;
    let now = state.ctx.now();
    let file = state
        .ctx
        .tx(async |c| {
            let detail = "account numbers were decrypted";
            record_audit(c, &caller, now, "payout.batch_file", Subject::Batch(id), detail).await?;
            Ok::<_, Problem>(batches::write_bank_file(c, id, &state.sealer).await?)
        })
        .await?;
    Ok(Download::attachment("text/csv; charset=utf-8", &format!("payouts-{id}.csv"), file))
}

/// Upload the bank's answer as CSV: payout_id, outcome (paid or failed), utr, reason.
///
/// All lines take effect or none. 403 if a payout is the caller's own; 409 if one has another outcome; 413 for more
/// than 1 MiB; 422 for an invalid line and for a payout of another batch.
#[operation]
pub(super) async fn submit_answer(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<BatchId>,
    request: Idempotent<File<BankAnswer>>,
) -> Result<Json<SettledView>, Problem> {
    load_batch(&state, id).await?;
    let (bytes, request) = request.read().await?;
    let (lines, now) = (parse_answer(&bytes)?, state.ctx.now());
    request
        .run(&state.ctx, async |c| {
            let settled = batches::apply_bank_answer(c, id, lines.clone(), caller.user_id, now).await?;
            let changed = settled.len();
            if changed > 0 {
                let detail = format!("{changed} settled");
                record_audit(c, &caller, now, "payout.batch_answer", Subject::Batch(id), &detail).await?;
                record_audit_each(c, &caller, now, "payout.settle", id, &settled).await?;
            }
            Ok(SettledView { settled: changed, unchanged: lines.len().saturating_sub(changed) })
        })
        .await
}

/// Records the action in the audit log once for each payout, so that the log of one member's payout is complete.
async fn record_audit_each(
    c: &mut DbConnection,
    caller: &Caller,
    at: Timestamp,
    action: &'static str,
    batch: BatchId,
    payouts: &[Payout],
) -> Result<(), Problem> {
    for payout in payouts {
        let detail = format!("{}; batch {batch}", audit_detail(payout));
        record_audit(c, caller, at, action, Subject::Payout(payout.id, payout.user_id), &detail).await?;
    }
    Ok(())
}

/// Parses the bank's answer. Errors with every line that is invalid.
fn parse_answer(bytes: &[u8]) -> Result<Vec<AnswerLine>, Problem> {
    let malformed = |detail: String| Problem::unprocessable("payout.answer_malformed", detail);
    let mut file = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let header = file.headers().map_err(|e| malformed(e.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|h| h.trim_start_matches('\u{feff}') == name);
    let columns = ANSWER_COLUMNS.map(column);
    let [Some(payout_id), Some(outcome), Some(utr), Some(reason)] = columns else {
        return Err(malformed(format!("the columns must be {}", ANSWER_COLUMNS.join(", "))));
    };
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    for (n, record) in file.records().enumerate() {
        let record = record.map_err(|e| malformed(e.to_string()))?;
        let cell = |index: usize| record.get(index).unwrap_or_default();
        match parse_answer_line(cell(payout_id), cell(outcome), cell(utr), cell(reason)) {
            Ok(line) => lines.push(line),
            // The first line of the file is its header.
            Err(detail) => errors.push(FieldError { field: format!("line {}", n + 2), code: "invalid", detail }),
        }
    }
    if errors.is_empty() { Ok(lines) } else { Err(malformed("some lines are invalid".into()).with_errors(errors)) }
}

fn parse_answer_line(payout_id: &str, outcome: &str, utr: &str, reason: &str) -> Result<AnswerLine, String> {
    let payout_id = payout_id.parse().map_err(|_| "payout_id is not an id".to_owned())?;
    let outcome: TransferOutcome = outcome.parse().map_err(|_| "outcome must be paid or failed".to_owned())?;
    let settlement = Settlement::try_new(outcome, utr, reason).map_err(|e| e.to_string())?;
    Ok(AnswerLine { payout_id, settlement })
}

/// Loads a batch. Errors with 404 if it does not exist.
async fn load_batch(state: &PayoutState, id: BatchId) -> Result<Batch, Problem> {
    let mut c = state.ctx.db().read().await?;
    store::find(&mut c, id).await?.ok_or_else(Problem::not_found)
}
