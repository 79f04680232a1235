//! Handlers for batches: creation, bank file and the bank's answer.

use super::view::{AnswerPreviewView, BatchView, NextBatchView, SettledView};
use super::{Subject, audit_detail};
use crate::PayoutState;
use crate::app::batches::{self, LineEffect};
use crate::domain::BatchId;
use crate::domain::bank_file::{ANSWER_COLUMNS, AnswerLine, Settlement, TransferOutcome};
use crate::domain::payout::PayoutStatus;
use crate::error::PayoutError;
use crate::store::batches::{self as store, Batch};
use crate::store::payouts::{self, Payout};
use actix_web::web;
use chassis::audit;
use db::{DbConnection, DbError, TxError};
use domain::{Timestamp, UserId};
use http_api::problem::FieldError;
use http_api::{
    Body, Caller, Created, Cursor, Download, File, FileType, FileTypes, Idempotent, Json, Listing, Path, Problem,
    StaffPage, operation,
};
use runtime::id;
use std::convert::Infallible;

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
            audit::record(c, &caller, now, "payout.batch_open", Subject::Batch(batch.id), &detail).await?;
            record_audit_each(c, &caller, now, "payout.send", batch.id, &sent).await?;
            let open = batch.payouts.get().into();
            Ok(BatchView::from_batch(batch, open))
        })
        .await
}

/// List batches.
#[operation]
pub(super) async fn list(
    state: web::Data<PayoutState>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<BatchView>>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let rows = store::list(&mut c, order, page.after_id()?, page.fetch_limit()).await?;
    let ids: Vec<BatchId> = rows.iter().map(|batch| batch.id).collect();
    let open = payouts::count_in_batches(&mut c, &ids, PayoutStatus::Processing).await?;
    let view = |batch: Batch| {
        let open = open.get(&batch.id).copied().unwrap_or_default();
        BatchView::from_batch(batch, open)
    };
    Ok(Json::new(page.listing(rows, |batch| Cursor::Id(batch.id.uuid()), view)))
}

/// The number of payouts that a batch would contain now, and their total.
#[operation]
pub(super) async fn get_next(state: web::Data<PayoutState>) -> Result<Json<NextBatchView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let (payouts, total) = batches::sum_next_batch(&mut c).await?;
    Ok(Json::new(NextBatchView { payouts, total }))
}

/// One batch.
#[operation]
pub(super) async fn get(state: web::Data<PayoutState>, Path(id): Path<BatchId>) -> Result<Json<BatchView>, Problem> {
    let batch = load_batch(&state, id).await?;
    let mut c = state.ctx.db().read().await?;
    let open = payouts::count_in_batches(&mut c, &[id], PayoutStatus::Processing).await?;
    Ok(Json::new(BatchView::from_batch(batch, open.get(&id).copied().unwrap_or_default())))
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
            audit::record(c, &caller, now, "payout.batch_file", Subject::Batch(id), detail).await?;
            Ok::<_, Problem>(batches::write_bank_file(c, id, &state.sealer).await?)
        })
        .await?;
    Ok(Download::attachment("text/csv; charset=utf-8", &format!("payouts-{id}.csv"), file))
}

/// Upload the bank's answer as CSV: payout_id, outcome (paid or failed), utr, reason.
///
/// All lines take effect or none. 403 if a payout is the caller's own; 409 if one has another outcome, and with
/// `payout.utr_known` for the bank reference of another payout; 413 for more than 1 MiB; 422 for an invalid line and
/// for a payout of another batch.
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
                audit::record(c, &caller, now, "payout.batch_answer", Subject::Batch(id), &detail).await?;
                record_audit_each(c, &caller, now, "payout.settle", id, &settled).await?;
            }
            Ok(SettledView { settled: changed, unchanged: lines.len().saturating_sub(changed) })
        })
        .await
}

/// Show what the bank's answer would do.
///
/// Nothing changes. A line that would be refused has its problem. 413 for more than 1 MiB; 422 for an invalid line.
#[operation]
pub(super) async fn preview_answer(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<BatchId>,
    body: Body<File<BankAnswer>>,
) -> Result<Json<AnswerPreviewView>, Problem> {
    load_batch(&state, id).await?;
    let lines = parse_answer(&body.read().await?)?;
    Ok(Json::new(try_answer(&state, id, lines, caller.user_id, state.ctx.now()).await?.into()))
}

/// End of a preview. Its result is an error of the transaction, so that the transaction is rolled back.
enum PreviewEnd {
    Done(Vec<LineEffect>),
    Failed(PayoutError),
}

impl From<DbError> for PreviewEnd {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl TxError for PreviewEnd {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_retryable())
    }
}

/// Applies the lines and rolls back.
async fn try_answer(
    state: &PayoutState,
    batch: BatchId,
    lines: Vec<AnswerLine>,
    by: UserId,
    now: Timestamp,
) -> Result<Vec<LineEffect>, PayoutError> {
    let tried = state.ctx.tx(async |c| {
        let effects = batches::try_bank_answer(c, batch, lines.clone(), by, now).await.map_err(PreviewEnd::Failed)?;
        Err::<Infallible, _>(PreviewEnd::Done(effects))
    });
    match tried.await {
        Ok(never) => match never {},
        Err(PreviewEnd::Done(effects)) => Ok(effects),
        Err(PreviewEnd::Failed(error)) => Err(error),
    }
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
        audit::record(c, caller, at, action, Subject::Payout(payout.id, payout.user_id), &detail).await?;
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
        // The first line of the file is its header.
        let line = n + 2;
        match parse_answer_line(line, cell(payout_id), cell(outcome), cell(utr), cell(reason)) {
            Ok(line) => lines.push(line),
            Err(detail) => errors.push(FieldError { field: format!("line {line}"), code: "invalid", detail }),
        }
    }
    if errors.is_empty() { Ok(lines) } else { Err(malformed("some lines are invalid".into()).with_errors(errors)) }
}

fn parse_answer_line(
    line: usize,
    payout_id: &str,
    outcome: &str,
    utr: &str,
    reason: &str,
) -> Result<AnswerLine, String> {
    let payout_id = payout_id.parse().map_err(|_| "payout_id is not an id".to_owned())?;
    let outcome: TransferOutcome = outcome.parse().map_err(|_| "outcome must be paid or failed".to_owned())?;
    let settlement = Settlement::try_new(outcome, utr, reason).map_err(|e| e.to_string())?;
    Ok(AnswerLine { line, payout_id, settlement })
}

/// Loads a batch. Errors with 404 if it does not exist.
async fn load_batch(state: &PayoutState, id: BatchId) -> Result<Batch, Problem> {
    let mut c = state.ctx.db().read().await?;
    store::find(&mut c, id).await?.ok_or_else(Problem::not_found)
}
