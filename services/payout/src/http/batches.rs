//! Handlers for batches: creation, bank file and the bank's answer.

use super::answer::parse_answer;
use super::view::{AnswerPreviewView, BatchView, NextBatchView, SettledView};
use super::{Subject, audit_detail};
use crate::PayoutState;
use crate::app::bank_files::BankFileWriter;
use crate::app::batches::{self, LineEffect};
use crate::domain::BatchId;
use crate::domain::bank_file::AnswerLine;
use crate::domain::bank_template::BankTemplate;
use crate::domain::payout::PayoutStatus;
use crate::domain::transfer::Channel;
use crate::error::PayoutError;
use crate::store::batches::{self as store, Batch};
use crate::store::payouts::{self, Payout};
use actix_web::web;
use chassis::audit;
use db::{DbConnection, DbError, TxError};
use domain::{AccountNumber, PayoutId, Timestamp, UserId};
use http_api::{
    Body, Caller, Created, Cursor, Download, File, FileType, FileTypes, Idempotent, Json, Listing, Optional, Path,
    Problem, Query, StaffPage, operation,
};
use runtime::id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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

/// A batch to create.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct BatchInput {
    /// How its payouts reach the bank; default: by a file.
    channel: Option<Channel>,
}

/// The template by which a file is written or read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(super) struct TemplateFilter {
    /// Id of a template of `GET /payout-batches/channels`; default: `generic`.
    template: Option<String>,
}

impl TemplateFilter {
    /// Errors with 422 `payout.template_unknown`.
    fn find(self, state: &PayoutState) -> Result<&BankTemplate, Problem> {
        let found = state.templates.find(self.template.as_deref());
        found.ok_or_else(|| PayoutError::UnknownTemplate(self.template.unwrap_or_default()).into())
    }
}

/// A template of bank files.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct TemplateView {
    id: String,
    name: String,
    /// Headers of the columns of the file.
    columns: Vec<String>,
    /// Headers of the columns that an answer needs.
    answer_columns: Vec<String>,
    /// Whether a file can be written: one that names the company's account needs the setting.
    is_available: bool,
}

/// The ways to the bank.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct ChannelsView {
    /// The channels that a batch may take, the usual one first.
    channels: Vec<Channel>,
    templates: Vec<TemplateView>,
}

/// The ways to the bank: channels, and templates of files.
#[operation]
pub(super) async fn list_channels(state: web::Data<PayoutState>) -> Result<Json<ChannelsView>, Problem> {
    let view = |template: &BankTemplate| {
        let answer = &template.answer;
        let names = [&answer.reference, &answer.status, &answer.utr, &answer.reason];
        TemplateView {
            id: template.id.clone(),
            name: template.name.clone(),
            columns: template.columns.iter().map(|column| column.header.clone()).collect(),
            answer_columns: names.iter().filter_map(|names| names.first().cloned()).collect(),
            is_available: state.debit_account.is_some() || !template.needs_debit_account(),
        }
    };
    let templates = state.templates.iter().map(view).collect();
    Ok(Json::new(ChannelsView { channels: state.bank.channels(), templates }))
}

/// Create a batch of all approved payouts for the bank.
///
/// By the channel of an API, each payout gets a transfer that a job asks the API for. 409 if no approved payout waits for
/// a transfer; 422 `payout.channel_not_configured` for an API without settings.
#[operation]
pub(super) async fn create(
    state: web::Data<PayoutState>,
    caller: Caller,
    request: Idempotent<Optional<BatchInput>>,
) -> Result<Created<BatchView>, Problem> {
    let ((input, request), now) = (request.read().await?, state.ctx.now());
    let channel = input.channel.unwrap_or(Channel::Manual);
    if !state.bank.channels().contains(&channel) {
        return Err(PayoutError::ChannelNotConfigured.into());
    }
    request
        .run(&state.ctx, async |c| {
            let (batch, sent) = batches::create_batch(c, id::fresh(), channel, caller.user_id, now).await?;
            let detail = format!("{} payouts of {} by {channel}", batch.payouts, batch.total_paise);
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
/// It has the payouts without an answer only, with their account numbers, and every download is in the audit log. Its
/// columns are those of the bank's template. 409 `payout.not_by_file` for a batch that goes by an API, and
/// `payout.debit_account_missing` for a file that names the company's account without the setting of it; 422
/// `payout.template_unknown`.
#[operation]
pub(super) async fn get_file(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<BatchId>,
    Query(filter): Query<TemplateFilter>,
) -> Result<Download<BankFile>, Problem> {
    load_batch_by_file(&state, id).await?;
    let template = filter.find(&state)?;
    let now = state.ctx.now();
    let writer = BankFileWriter {
        template,
        sealer: &state.sealer,
        debit_account: state.debit_account.as_ref().map(AccountNumber::reveal),
        day: now.day(),
    };
    let file = state
        .ctx
        .tx(async |c| {
            let detail = format!("account numbers were decrypted; template {}", template.id);
            audit::record(c, &caller, now, "payout.batch_file", Subject::Batch(id), &detail).await?;
            Ok::<_, Problem>(writer.write(c, id).await?)
        })
        .await?;
    Ok(Download::attachment("text/csv; charset=utf-8", &format!("payouts-{id}.csv"), file))
}

/// Upload the bank's answer as CSV, with the columns and words of the bank's template.
///
/// Those of the template `generic` are payout_id, outcome (paid or failed), utr, reason. Lines that the bank has not
/// decided are left out. All lines take effect or none. 403 if a payout is the caller's own; 409 if one has another outcome, and with
/// `payout.utr_known` for the bank reference of another payout, and `payout.not_by_file` for a batch that goes by an API;
/// 413 for more than 1 MiB; 422 for an invalid line and for a payout of another batch.
#[operation]
pub(super) async fn submit_answer(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<BatchId>,
    Query(filter): Query<TemplateFilter>,
    request: Idempotent<File<BankAnswer>>,
) -> Result<Json<SettledView>, Problem> {
    let payouts = load_batch_by_file(&state, id).await?;
    let template = filter.find(&state)?;
    let (bytes, request) = request.read().await?;
    let (lines, now) = (parse_answer(&bytes, template, &payouts)?, state.ctx.now());
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
    Query(filter): Query<TemplateFilter>,
    body: Body<File<BankAnswer>>,
) -> Result<Json<AnswerPreviewView>, Problem> {
    let payouts = load_batch_by_file(&state, id).await?;
    let template = filter.find(&state)?;
    let lines = parse_answer(&body.read().await?, template, &payouts)?;
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

/// The payouts of a batch that goes to the bank by a file. Errors with 404, and with 409 for one that goes by an API.
async fn load_batch_by_file(state: &PayoutState, id: BatchId) -> Result<Vec<PayoutId>, Problem> {
    if load_batch(state, id).await?.channel != Channel::Manual {
        return Err(PayoutError::NotByFile.into());
    }
    let mut c = state.ctx.db().read().await?;
    Ok(payouts::list_ids_in_batch(&mut c, id).await?)
}

/// Loads a batch. Errors with 404 if it does not exist.
async fn load_batch(state: &PayoutState, id: BatchId) -> Result<Batch, Problem> {
    let mut c = state.ctx.db().read().await?;
    store::find(&mut c, id).await?.ok_or_else(Problem::not_found)
}
