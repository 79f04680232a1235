//! Response bodies of the payout service.

use crate::app::batches::LineEffect;
use crate::app::request::{Estimate, Quote};
use crate::domain::account::{AccountSource, VerificationMethod};
use crate::domain::breakdown::Breakdown;
use crate::domain::payout::PayoutStatus;
use crate::domain::transfer::{Channel, TransferState};
use crate::domain::{BankAccountId, BatchId};
use crate::error::PayoutError;
use crate::store::accounts::BankAccount;
use crate::store::approvals::{self, Approval};
use crate::store::batches::Batch;
use crate::store::payout_steps::PayoutStep;
use crate::store::payouts::Payout;
use crate::store::transfers::Transfer;
use db::DbConnection;
use domain::tax::TaxRule;
use domain::{Money, PayoutId, Timestamp, UserId};
use http_api::{Caller, Problem};
use schemars::JsonSchema;
use serde::Serialize;

/// A bank account with a masked number.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct BankView {
    pub account_number: String,
    pub ifsc: String,
    pub holder_name: String,
    pub bank_name: String,
}

/// A payout.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct PayoutView {
    pub id: PayoutId,
    pub user_id: UserId,
    pub requested: Money,
    /// `tds`, `emi` and `net` are an estimate until the payout is approved.
    pub tds: Money,
    pub emi: Money,
    pub net: Money,
    pub emi_autofill: bool,
    /// Id of the tax rule that `tds` follows.
    pub tds_rule: String,
    pub status: PayoutStatus,
    pub bank: BankView,
    /// Number of people who have approved, and number required.
    pub approvals: usize,
    pub approvals_needed: i32,
    /// Who has approved, oldest first; for staff only, null for others.
    pub approved_by: Option<Vec<ApprovalView>>,
    pub batch_id: Option<BatchId>,
    /// The bank reference, once the bank has paid.
    pub utr: Option<String>,
    /// Reason of a rejection, failure or return.
    pub reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One person's approval.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct ApprovalView {
    pub user_id: UserId,
    pub at: Timestamp,
}

/// A payout with the states that it reached.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct PayoutDetailView {
    #[serde(flatten)]
    pub payout: PayoutView,
    /// Its transfer by the bank's API; for staff only, null for others and for a payout that goes by a file.
    pub transfer: Option<TransferView>,
    /// Oldest first. Of a payout from before these were recorded, only the request and the state at that time.
    pub history: Vec<StepView>,
}

/// A transfer by the bank's API.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct TransferView {
    pub payout_id: PayoutId,
    pub channel: Channel,
    pub state: TransferState,
    /// The bank's id of the transfer, once it reported one.
    pub bank_id: Option<String>,
    /// The bank's own word for the status.
    pub bank_status: Option<String>,
    /// Whether it waits because the company's account has too little money.
    pub low_balance: bool,
    /// Why it waits, was refused or failed.
    pub reason: Option<String>,
    /// A report that contradicts what is known.
    pub conflict: Option<String>,
    /// When the API was asked for the first time.
    pub sent_at: Option<Timestamp>,
    /// When the API is asked next.
    pub next_attempt_at: Option<Timestamp>,
    /// Since when it is in this state.
    pub changed_at: Timestamp,
}

impl From<Transfer> for TransferView {
    fn from(transfer: Transfer) -> Self {
        let non_empty = |text: String| (!text.is_empty()).then_some(text);
        Self {
            payout_id: transfer.payout_id,
            channel: transfer.channel,
            state: transfer.state,
            bank_id: transfer.bank_id,
            bank_status: non_empty(transfer.bank_status),
            low_balance: transfer.low_balance,
            reason: non_empty(transfer.reason),
            conflict: non_empty(transfer.conflict),
            sent_at: transfer.sent_at,
            next_attempt_at: transfer.next_attempt_at,
            changed_at: transfer.changed_at,
        }
    }
}

/// A state that a payout reached.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct StepView {
    pub status: PayoutStatus,
    pub at: Timestamp,
    /// The person whose action moved the payout: for staff, and the caller. Null for the wallet and for jobs.
    pub by: Option<UserId>,
}

impl StepView {
    /// Builds the view of a step, as `caller` may see it.
    pub(super) fn new(step: PayoutStep, caller: &Caller) -> Self {
        Self { status: step.status, at: step.reached_at, by: step.moved_by.filter(|by| caller.may_see(*by)) }
    }
}

/// Parts of a payout that could be requested now, or of an estimate.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct QuoteView {
    pub requested: Money,
    pub tds: Money,
    pub emi: Money,
    pub net: Money,
    pub tds_rule: TaxRule,
    /// With `estimate`: the codes of the problems of a request, in the order in which it checks them.
    pub refusals: Vec<&'static str>,
}

/// A bank account of a member, with its verification.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct AccountView {
    pub id: BankAccountId,
    pub user_id: UserId,
    #[serde(flatten)]
    pub bank: BankView,
    pub source: AccountSource,
    pub verified: bool,
    /// Method by which the account was verified.
    pub verified_by: Option<VerificationMethod>,
    pub verified_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// What the next batch would contain.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct NextBatchView {
    /// Number of payouts.
    pub payouts: usize,
    /// Amount that the bank would be to pay.
    pub total: Money,
}

/// A batch of payouts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct BatchView {
    pub id: BatchId,
    pub created_by: UserId,
    pub payouts: i64,
    /// Amount that the bank is to pay.
    pub total: Money,
    /// Number of payouts without an answer from the bank.
    pub open: i64,
    pub created_at: Timestamp,
    /// How its payouts reach the bank.
    pub channel: Channel,
}

/// Result of a bank's answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct SettledView {
    /// Number of payouts that changed.
    pub settled: usize,
    /// Number of lines that were applied before.
    pub unchanged: usize,
}

/// What a bank's answer would do.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct AnswerPreviewView {
    /// In the order of the file.
    pub lines: Vec<AnswerLineView>,
    /// Number of lines that would change their payout.
    pub will_settle: usize,
    /// Number of lines that were applied before.
    pub unchanged: usize,
    /// Number of lines that are refused. If there are any, the answer changes nothing.
    pub errors: usize,
}

/// What one line of a bank's answer would do.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct AnswerLineView {
    /// Number of the line in the file; the first is the header.
    pub line: usize,
    pub payout_id: PayoutId,
    /// Net amount of the payout; null if it is not in the batch.
    pub amount: Option<Money>,
    /// Status before the line; null if the payout is not in the batch.
    pub now: Option<PayoutStatus>,
    /// Status after the line; null if the line is refused.
    pub becomes: Option<PayoutStatus>,
    /// Why the line is refused.
    pub problem: Option<LineProblemView>,
}

/// Refusal of one line of a bank's answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct LineProblemView {
    /// As the code of the problem that the whole answer gets.
    pub code: &'static str,
    pub detail: String,
}

/// Builds the views of `rows`, in the same order, as `caller` may see them.
pub(super) async fn payout_views(
    c: &mut DbConnection,
    rows: Vec<Payout>,
    caller: &Caller,
) -> Result<Vec<PayoutView>, Problem> {
    let ids: Vec<PayoutId> = rows.iter().map(|p| p.id).collect();
    let approvals = approvals::list(c, &ids).await?;
    Ok(rows.into_iter().map(|p| payout_view(p, &approvals, caller)).collect())
}

/// Builds the view of one payout with its approvals so far, as `caller` may see it.
pub(super) async fn load_payout_view(
    c: &mut DbConnection,
    payout: Payout,
    caller: &Caller,
) -> Result<PayoutView, Problem> {
    let approvals = approvals::list(c, &[payout.id]).await?;
    Ok(payout_view(payout, &approvals, caller))
}

/// Builds the view of one payout as `caller` may see it. `approvals` may be those of several payouts.
pub(super) fn payout_view(p: Payout, approvals: &[Approval], caller: &Caller) -> PayoutView {
    let approved_by: Vec<ApprovalView> = approvals
        .iter()
        .filter(|approval| approval.payout_id == p.id)
        .map(|approval| ApprovalView { user_id: approval.approver_id, at: approval.approved_at })
        .collect();
    let non_empty = |text: String| (!text.is_empty()).then_some(text);
    PayoutView {
        id: p.id,
        user_id: p.user_id,
        requested: p.requested_paise,
        tds: p.tds_paise,
        emi: p.emi_paise,
        net: p.net_paise,
        emi_autofill: p.emi_autofill,
        tds_rule: p.tax_rule_id,
        status: p.status,
        bank: BankView {
            account_number: p.account_mask,
            ifsc: p.ifsc,
            holder_name: p.holder_name,
            bank_name: p.bank_name,
        },
        approvals: approved_by.len(),
        approvals_needed: p.approvals_needed,
        approved_by: caller.role.is_staff().then_some(approved_by),
        batch_id: p.batch_id,
        utr: non_empty(p.utr),
        reason: non_empty(p.reason),
        created_at: p.requested_at,
        updated_at: p.changed_at,
    }
}

impl From<Quote> for QuoteView {
    fn from(quote: Quote) -> Self {
        Self::new(quote.parts, quote.rule, Vec::new())
    }
}

impl From<Estimate> for QuoteView {
    fn from(estimate: Estimate) -> Self {
        let code = |refusal| Problem::from(PayoutError::from(refusal)).code;
        Self::new(estimate.parts, estimate.rule, estimate.refusals.into_iter().map(code).collect())
    }
}

impl QuoteView {
    fn new(parts: Breakdown, tds_rule: TaxRule, refusals: Vec<&'static str>) -> Self {
        Self { requested: parts.requested, tds: parts.tds, emi: parts.emi, net: parts.net, tds_rule, refusals }
    }
}

impl From<BankAccount> for AccountView {
    fn from(account: BankAccount) -> Self {
        let verified_by = account.facts().verification_method();
        Self {
            id: account.id,
            user_id: account.user_id,
            bank: BankView {
                account_number: account.account_mask,
                ifsc: account.ifsc,
                holder_name: account.holder_name,
                bank_name: account.bank_name,
            },
            source: account.source,
            verified_by,
            verified: account.verified_at.is_some(),
            verified_at: account.verified_at,
            created_at: account.created_at,
        }
    }
}

impl From<Vec<LineEffect>> for AnswerPreviewView {
    fn from(effects: Vec<LineEffect>) -> Self {
        let count = |changed: bool| {
            let is_counted = |e: &&LineEffect| matches!(e.outcome, Ok((_, has_changed)) if has_changed == changed);
            effects.iter().filter(is_counted).count()
        };
        let (will_settle, unchanged) = (count(true), count(false));
        let errors = effects.iter().filter(|effect| effect.outcome.is_err()).count();
        Self { lines: effects.into_iter().map(AnswerLineView::from).collect(), will_settle, unchanged, errors }
    }
}

impl From<LineEffect> for AnswerLineView {
    fn from(effect: LineEffect) -> Self {
        let (becomes, problem) = match effect.outcome {
            Ok((status, _)) => (Some(status), None),
            Err(refused) => {
                let Problem { code, detail, .. } = refused.into();
                (None, Some(LineProblemView { code, detail }))
            }
        };
        let (amount, now) = effect.before.unzip();
        Self { line: effect.line.line, payout_id: effect.line.payout_id, amount, now, becomes, problem }
    }
}

impl BatchView {
    /// Builds the view of a batch with `open` payouts without an answer.
    pub(super) fn from_batch(batch: Batch, open: i64) -> Self {
        Self {
            id: batch.id,
            created_by: batch.created_by,
            payouts: batch.payouts.get().into(),
            total: batch.total_paise,
            open,
            created_at: batch.created_at,
            channel: batch.channel,
        }
    }
}
