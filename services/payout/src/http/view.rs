//! Response bodies of the payout service.

use crate::app::request::Quote;
use crate::domain::account::{AccountSource, VerificationMethod};
use crate::domain::payout::PayoutStatus;
use crate::domain::{BankAccountId, BatchId};
use crate::store::accounts::BankAccount;
use crate::store::batches::Batch;
use crate::store::payouts::{self, Payout};
use db::DbConnection;
use domain::tax::TaxRule;
use domain::{Money, PayoutId, Timestamp, UserId};
use http_api::Problem;
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
    pub batch_id: Option<BatchId>,
    /// The bank reference, once the bank has paid.
    pub utr: Option<String>,
    /// Reason of a rejection, failure or return.
    pub reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Parts of a payout that could be requested now.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct QuoteView {
    pub requested: Money,
    pub tds: Money,
    pub emi: Money,
    pub net: Money,
    pub tds_rule: TaxRule,
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
}

/// Result of a bank's answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct SettledView {
    /// Number of payouts that changed.
    pub settled: usize,
    /// Number of lines that were applied before.
    pub unchanged: usize,
}

/// Builds the views of `rows`, in the same order.
pub(super) async fn payout_views(c: &mut DbConnection, rows: Vec<Payout>) -> Result<Vec<PayoutView>, Problem> {
    let ids: Vec<PayoutId> = rows.iter().map(|p| p.id).collect();
    let approvers = payouts::list_approvers(c, &ids).await?;
    let count = |id: PayoutId| approvers.iter().filter(|(payout, _)| *payout == id).count();
    Ok(rows
        .into_iter()
        .map(|p| {
            let approvals = count(p.id);
            payout_view(p, approvals)
        })
        .collect())
}

/// Builds the view of one payout with its approvals so far.
pub(super) async fn load_payout_view(c: &mut DbConnection, payout: Payout) -> Result<PayoutView, Problem> {
    let approvers = payouts::list_approvers(c, &[payout.id]).await?;
    Ok(payout_view(payout, approvers.len()))
}

/// Builds the view of one payout with `approvals` approvals so far.
pub(super) fn payout_view(p: Payout, approvals: usize) -> PayoutView {
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
        approvals,
        approvals_needed: p.approvals_needed,
        batch_id: p.batch_id,
        utr: non_empty(p.utr),
        reason: non_empty(p.reason),
        created_at: p.requested_at,
        updated_at: p.changed_at,
    }
}

impl From<Quote> for QuoteView {
    fn from(quote: Quote) -> Self {
        let parts = quote.parts;
        Self { requested: parts.requested, tds: parts.tds, emi: parts.emi, net: parts.net, tds_rule: quote.rule }
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
        }
    }
}
