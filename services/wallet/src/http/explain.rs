//! How an amount came to be: the entry, its cause, its inputs, the plan, and the arithmetic.

use super::transactions::TransactionView;
use crate::Wallet;
use crate::app::derivation;
use crate::domain::explanation::{Operation, Step};
use crate::domain::{EntryId, EntryKey, EntryKind};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Problem, ok, path_id};
use domain::{EventId, Money, Plan, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// One posting of the entry.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PostingView {
    account: String,
    amount: Money,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct EntryView {
    id: EntryId,
    kind: EntryKind,
    /// The payment, pair, payout, … that caused it.
    #[schemars(with = "String")]
    cause_id: Uuid,
    /// The event that told of it, or who did it by hand.
    event_id: Option<EventId>,
    actor_id: Option<UserId>,
    reverses: Option<EntryId>,
    plan_version: Option<i64>,
    at: Timestamp,
    posted_at: Timestamp,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct OperandView {
    name: String,
    /// An amount, or the percentage of a `percent` step.
    value: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct StepView {
    name: String,
    operation: Operation,
    operands: Vec<OperandView>,
    value: Money,
}
impl From<Step> for StepView {
    fn from(step: Step) -> Self {
        let operands = step.operands.into_iter().map(|o| OperandView { name: o.name, value: o.value }).collect();
        Self { name: step.name, operation: step.operation, operands, value: step.value }
    }
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Explanation {
    transaction: TransactionView,
    entry: EntryView,
    postings: Vec<PostingView>,
    /// What the rule was given, as it was sent.
    inputs: serde_json::Value,
    plan: Option<Plan>,
    /// The conditions that held.
    rules: Vec<String>,
    /// The arithmetic; the last value is the transaction's amount.
    steps: Vec<StepView>,
}

pub(super) async fn explain(
    app: web::Data<Wallet>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let found = derivation::find(&mut c, path_id(&path)?).await?;
    let (entry, lines, number) = found.ok_or_else(Problem::not_found)?;
    caller.require_sight_of(entry.member_id)?;
    let line = derivation::line(&lines, number).ok_or_else(Problem::not_found)?;
    let (derived, plan) = derivation::of(&mut c, &entry, &lines, line).await?;
    let key = EntryKey::new(entry.kind, entry.cause_id.uuid());
    let transaction = TransactionView::of(line.clone(), key).map_err(Problem::internal)?;
    let postings = lines
        .iter()
        .map(|l| {
            let owner = if l.account.is_members() { format!("member:{}", l.owner_id) } else { "company".to_owned() };
            PostingView { account: format!("{owner}:{}", l.account), amount: l.amount_paise }
        })
        .collect();
    Ok(ok(&Explanation {
        transaction: transaction.ok_or_else(Problem::not_found)?,
        inputs: serde_json::from_str(&entry.inputs).map_err(Problem::internal)?,
        entry: EntryView {
            id: entry.id,
            kind: entry.kind,
            cause_id: entry.cause_id.uuid(),
            event_id: entry.event_id,
            actor_id: entry.actor_id,
            reverses: entry.reverses,
            plan_version: entry.plan_version,
            at: entry.at,
            posted_at: entry.posted_at,
        },
        postings,
        plan,
        rules: derived.rules,
        steps: derived.steps.into_iter().map(StepView::from).collect(),
    }))
}
