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
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::problem::FieldError;
use chassis::http::{IdempotencyKey, Problem, RawBody, ok, path_id};
use chassis::id;
use db::DbConnection;
use domain::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

const MAX_ANSWER_BYTES: usize = 1024 * 1024;

#[derive(Debug, Deserialize, JsonSchema)]
struct NoInput {}

pub(super) async fn create(
    state: web::Data<PayoutState>,
    caller: Caller,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let input = body.json_or_empty::<NoInput>().await?;
    let (actor, at) = (&caller, state.ctx.now());
    idem.run(&state.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
        let (batch, sent) = batches::create_batch(c, id::fresh(), actor.user_id, at).await?;
        let detail = format!("{} payouts of {}", batch.payouts, batch.total_paise);
        record_audit(c, actor, at, "payout.batch_open", Subject::Batch(batch.id), &detail).await?;
        record_audit_each(c, actor, at, "payout.send", batch.id, &sent).await?;
        let open = batch.payouts;
        Ok::<BatchView, Problem>(BatchView::from_batch(batch, open))
    })
    .await
}

pub(super) async fn get(state: web::Data<PayoutState>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let batch = load_batch(&state, &path).await?;
    let mut c = state.ctx.db().read().await?;
    let open = payouts::count_in_batch(&mut c, batch.id, PayoutStatus::Processing).await?;
    Ok(ok(&BatchView::from_batch(batch, open)))
}

pub(super) async fn get_file(
    state: web::Data<PayoutState>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let batch = load_batch(&state, &path).await?;
    let (actor, at, sealer, id) = (&caller, state.ctx.now(), &state.sealer, batch.id);
    let file = state
        .ctx
        .tx(async |c| {
            record_audit(c, actor, at, "payout.batch_file", Subject::Batch(id), "account numbers were decrypted")
                .await?;
            Ok::<_, Problem>(batches::write_bank_file(c, id, sealer).await?)
        })
        .await?;
    let name = format!("attachment; filename=\"payouts-{id}.csv\"");
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(file))
}

pub(super) async fn submit_answer(
    state: web::Data<PayoutState>,
    caller: Caller,
    path: web::Path<String>,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let batch = load_batch(&state, &path).await?.id;
    let bytes = body.bytes(MAX_ANSWER_BYTES).await?;
    let lines = &parse_answer(&bytes)?;
    let (actor, at) = (&caller, state.ctx.now());
    idem.run(&state.ctx, &caller, &bytes, StatusCode::OK, async |c| {
        let settled = batches::apply_bank_answer(c, batch, lines.clone(), actor.user_id, at).await?;
        let changed = settled.len();
        if changed > 0 {
            record_audit(c, actor, at, "payout.batch_answer", Subject::Batch(batch), &format!("{changed} settled"))
                .await?;
            record_audit_each(c, actor, at, "payout.settle", batch, &settled).await?;
        }
        Ok::<SettledView, Problem>(SettledView { settled: changed, unchanged: lines.len().saturating_sub(changed) })
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

/// Loads the batch of the path. Errors with 404 if it does not exist.
async fn load_batch(state: &PayoutState, path: &str) -> Result<Batch, Problem> {
    let id: BatchId = path_id(path)?;
    let mut c = state.ctx.db().read().await?;
    store::find(&mut c, id).await?.ok_or_else(Problem::not_found)
}
