//! Payouts that go to the bank in one file, and its answer.

use super::view::{BatchView, SettledView};
use super::{Subject, note, outcome};
use crate::Payouts;
use crate::app::send;
use crate::domain::BatchId;
use crate::domain::bank_file::{ANSWER_COLUMNS, AnswerLine, Outcome, Settlement};
use crate::domain::payout::Status;
use crate::store::batches::{self as store, Batch};
use crate::store::payouts::{self, Payout};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::problem::FieldError;
use chassis::http::{Body, Idempotent, Problem, ok, path_id};
use chassis::id;
use db::DbConnection;
use domain::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

const LARGEST_ANSWER: usize = 1024 * 1024;

#[derive(Debug, Deserialize, JsonSchema)]
struct NoInput {}

pub(super) async fn open(
    app: web::Data<Payouts>,
    caller: Caller,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let input = body.json_or_empty::<NoInput>().await?;
    let (who, at) = (&caller, app.ctx.now());
    idem.run(&app.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
        let (batch, sent) = send::open_batch(c, id::fresh(), who.user_id, at).await?;
        let detail = format!("{} payouts of {}", batch.payouts, batch.total_paise);
        note(c, who, at, "payout.batch_open", Subject::Batch(batch.id), &detail).await?;
        note_each(c, who, at, "payout.send", batch.id, &sent).await?;
        let open = batch.payouts;
        Ok::<BatchView, Problem>(BatchView::of(batch, open))
    })
    .await
}

pub(super) async fn one(app: web::Data<Payouts>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let batch = known(&app, &path).await?;
    let mut c = app.ctx.db().read().await?;
    let open = payouts::count_of_batch(&mut c, batch.id, Status::Processing).await?;
    Ok(ok(&BatchView::of(batch, open)))
}

pub(super) async fn file(
    app: web::Data<Payouts>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let batch = known(&app, &path).await?;
    let (who, at, sealer, id) = (&caller, app.ctx.now(), &app.sealer, batch.id);
    let file = app
        .ctx
        .tx(async |c| {
            note(c, who, at, "payout.batch_file", Subject::Batch(id), "account numbers were opened").await?;
            Ok::<_, Problem>(send::bank_file(c, id, sealer).await?)
        })
        .await?;
    let name = format!("attachment; filename=\"payouts-{id}.csv\"");
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(file))
}

pub(super) async fn answer(
    app: web::Data<Payouts>,
    caller: Caller,
    path: web::Path<String>,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let batch = known(&app, &path).await?.id;
    let bytes = body.bytes(LARGEST_ANSWER).await?;
    let lines = &read(&bytes)?;
    let (who, at) = (&caller, app.ctx.now());
    idem.run(&app.ctx, &caller, &bytes, StatusCode::OK, async |c| {
        let settled = send::take_answer(c, batch, lines.clone(), who.user_id, at).await?;
        let changed = settled.len();
        if changed > 0 {
            note(c, who, at, "payout.batch_answer", Subject::Batch(batch), &format!("{changed} settled")).await?;
            note_each(c, who, at, "payout.settle", batch, &settled).await?;
        }
        Ok::<SettledView, Problem>(SettledView { settled: changed, unchanged: lines.len().saturating_sub(changed) })
    })
    .await
}

/// Whoever looks for what was done to one member's payout finds it, whatever batch it was in.
async fn note_each(
    c: &mut DbConnection,
    caller: &Caller,
    at: Timestamp,
    action: &'static str,
    batch: BatchId,
    payouts: &[Payout],
) -> Result<(), Problem> {
    for payout in payouts {
        let detail = format!("{}; batch {batch}", outcome(payout));
        note(c, caller, at, action, Subject::Payout(payout.id, payout.user_id), &detail).await?;
    }
    Ok(())
}

/// The lines of the bank's answer; every line that cannot be read is named.
fn read(bytes: &[u8]) -> Result<Vec<AnswerLine>, Problem> {
    let malformed = |detail: String| Problem::unprocessable("payout.answer_malformed", detail);
    let mut file = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let header = file.headers().map_err(|e| malformed(e.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|h| h.trim_start_matches('\u{feff}') == name);
    let columns = ANSWER_COLUMNS.map(column);
    let [Some(payout_id), Some(outcome), Some(utr), Some(reason)] = columns else {
        return Err(malformed(format!("the columns are {}", ANSWER_COLUMNS.join(", "))));
    };
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    for (n, record) in file.records().enumerate() {
        let record = record.map_err(|e| malformed(e.to_string()))?;
        let cell = |index: usize| record.get(index).unwrap_or_default();
        match line(cell(payout_id), cell(outcome), cell(utr), cell(reason)) {
            Ok(line) => lines.push(line),
            // The first line of the file is its header.
            Err(detail) => errors.push(FieldError { field: format!("line {}", n + 2), code: "invalid", detail }),
        }
    }
    if errors.is_empty() { Ok(lines) } else { Err(malformed("some lines cannot be read".into()).with_errors(errors)) }
}

fn line(payout_id: &str, outcome: &str, utr: &str, reason: &str) -> Result<AnswerLine, String> {
    let payout_id = payout_id.parse().map_err(|_| "payout_id is not an id".to_owned())?;
    let outcome: Outcome = outcome.parse().map_err(|_| "outcome is paid or failed".to_owned())?;
    let settlement = Settlement::try_new(outcome, utr, reason).map_err(|e| e.to_string())?;
    Ok(AnswerLine { payout_id, settlement })
}

async fn known(app: &Payouts, path: &str) -> Result<Batch, Problem> {
    let id: BatchId = path_id(path)?;
    let mut c = app.ctx.db().read().await?;
    store::find(&mut c, id).await?.ok_or_else(Problem::not_found)
}
