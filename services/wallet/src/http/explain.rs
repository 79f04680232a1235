//! Explanation of a transaction: the entry, its cause and inputs, the plan, the calculation.

use super::transactions::TransactionView;
use crate::WalletState;
use crate::app::derivation;
use crate::domain::explanation::{CalculationStep, Operation};
use crate::domain::{EntryId, EntryKey, EntryKind, TransactionId};
use actix_web::web;
use domain::{EventId, Money, Plan, Timestamp, UserId};
use http_api::{Caller, Json, Path, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// One posting of the entry.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PostingView {
    account: String,
    amount: Money,
}

/// The journal entry of a transaction.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EntryView {
    id: EntryId,
    kind: EntryKind,
    /// The id of the payment, pair, payout or other cause.
    #[schemars(with = "String")]
    cause_id: Uuid,
    /// The event that caused the entry.
    event_id: Option<EventId>,
    /// The administrator who made a manual entry.
    actor_id: Option<UserId>,
    reverses: Option<EntryId>,
    plan_version: Option<i64>,
    at: Timestamp,
    posted_at: Timestamp,
}

/// An operand of a calculation step.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OperandView {
    name: String,
    /// An amount, or the percentage of a `percent` step.
    value: String,
}

/// A calculation step.
#[derive(Serialize, JsonSchema)]
pub(crate) struct StepView {
    name: String,
    operation: Operation,
    operands: Vec<OperandView>,
    value: Money,
}
impl From<CalculationStep> for StepView {
    fn from(step: CalculationStep) -> Self {
        let operands = step.operands.into_iter().map(|o| OperandView { name: o.name, value: o.value }).collect();
        Self { name: step.name, operation: step.operation, operands, value: step.value }
    }
}

/// The explanation of a transaction.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Explanation")]
pub(crate) struct ExplanationView {
    transaction: TransactionView,
    entry: EntryView,
    postings: Vec<PostingView>,
    /// The inputs of the rule, as they were sent.
    inputs: serde_json::Value,
    plan: Option<Plan>,
    /// The conditions that held.
    rules: Vec<String>,
    /// The calculation. The value of the last step is the amount of the transaction.
    steps: Vec<StepView>,
}

/// Explain how the amount of a transaction was calculated.
///
/// For its member and for staff. 404 for any other caller, or when it does not exist.
#[operation]
pub(super) async fn explain(
    state: web::Data<WalletState>,
    caller: Caller,
    Path(id): Path<TransactionId>,
) -> Result<Json<ExplanationView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let found = derivation::find_entry(&mut c, id).await?;
    let (entry, lines, number) = found.ok_or_else(Problem::not_found)?;
    caller.require_may_see(entry.member_id)?;
    let line = derivation::find_line(&lines, number).ok_or_else(Problem::not_found)?;
    let (derived, plan) = derivation::for_line(&mut c, &entry, &lines, line).await?;
    let key = EntryKey::new(entry.kind, entry.cause_id.uuid());
    let transaction = TransactionView::from_row(line.clone(), key).map_err(Problem::internal)?;
    let postings = lines
        .iter()
        .map(|l| {
            let owner =
                if l.account.is_member_account() { format!("member:{}", l.owner_id) } else { "company".to_owned() };
            PostingView { account: format!("{owner}:{}", l.account), amount: l.amount_paise }
        })
        .collect();
    Ok(Json::new(ExplanationView {
        transaction: transaction.ok_or_else(Problem::not_found)?,
        inputs: serde_json::from_str(&entry.inputs).map_err(Problem::internal)?,
        entry: EntryView {
            id: entry.id,
            kind: entry.kind,
            cause_id: entry.cause_id.uuid(),
            event_id: entry.event_id,
            actor_id: entry.actor_id,
            reverses: entry.reverses,
            plan_version: entry.plan_version.map(|version| version.get().into()),
            at: entry.at,
            posted_at: entry.posted_at,
        },
        postings,
        plan,
        rules: derived.rules,
        steps: derived.steps.into_iter().map(StepView::from).collect(),
    }))
}
