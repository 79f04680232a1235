//! Explanations of transactions and forfeits: the causes, the inputs, the plan, the calculation.

use super::ledger::account_name;
use super::reference::ReferenceView;
use super::transactions::{ForfeitView, TransactionView};
use crate::WalletState;
use crate::app::derivation::{self, StoredCause};
use crate::app::ids;
use crate::domain::explanation::{CalculationStep, Condition, Operation, Relation};
use crate::domain::{Command, EntryId, EntryKind, TransactionId};
use crate::error::WalletError;
use crate::store::entries::{EntryRow, PostingRow};
use crate::store::forfeits::ForfeitRow;
use crate::store::{entries, forfeits, members};
use actix_web::web;
use db::DbConnection;
use domain::{EventId, Money, Plan, Timestamp, UserId};
use http_api::{Caller, Json, Path, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// One posting of an entry.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PostingView {
    pub(super) account: String,
    pub(super) amount: Money,
}

impl From<&PostingRow> for PostingView {
    fn from(row: &PostingRow) -> Self {
        Self { account: account_name(row.account, row.owner_id), amount: row.amount_paise }
    }
}

/// A journal entry.
#[derive(Serialize, JsonSchema)]
pub(crate) struct EntryView {
    id: EntryId,
    kind: EntryKind,
    /// The owner of the wallet that the entry changes.
    member_id: UserId,
    /// The amount of the cause.
    amount: Money,
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

impl From<EntryRow> for EntryView {
    fn from(row: EntryRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            member_id: row.member_id,
            amount: row.amount_paise,
            cause_id: row.cause_id.uuid(),
            event_id: row.event_id,
            actor_id: row.actor_id,
            reverses: row.reverses,
            plan_version: row.plan_version.map(|version| version.get().into()),
            at: row.at,
            posted_at: row.posted_at,
        }
    }
}

/// A cause of an entry or forfeit.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cause")]
pub(crate) struct CauseView {
    /// `payment_completed`, `payment_refunded`, `payment_returned`, `clawback_requested`, `wallet_payment_requested`,
    /// `pair_matched`, `pair_voided`, `payout_requested`, `payout_approved`, `payout_closed` (rejected or cancelled),
    /// `payout_completed`, `payout_failed`, `payout_reversed`, `emi_applied`, `emi_released`, `deposit_made`,
    /// `reserve_released` or `adjustment_made`.
    event: &'static str,
    /// The id of the event; null for a manual entry, and for the cause of a forfeit.
    id: Option<EventId>,
    at: Timestamp,
    reference: ReferenceView,
}

impl CauseView {
    fn new(command: &Command, id: Option<EventId>) -> Self {
        let (event, at) = (command.kind().cause_event(), command.cause().at);
        Self { event, id, at, reference: ReferenceView::of(command) }
    }
}

/// The own cause, whose event is `event_id`, then those of the earlier entries.
pub(super) fn list_causes(event_id: Option<EventId>, cause: &StoredCause) -> Vec<CauseView> {
    let mut causes = vec![CauseView::new(&cause.command, event_id)];
    causes.extend(cause.earlier.iter().map(|earlier| CauseView::new(&earlier.command, earlier.entry.event_id)));
    causes
}

/// A member whom an entry or forfeit concerns.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConcernedMember")]
pub(crate) struct PersonView {
    user_id: UserId,
    /// Null when their registration has not arrived.
    name: Option<String>,
    relation: Relation,
}

/// The members whom a cause concerns. Names are full: the others are direct referrals or in the subtree of the owner,
/// who is the only caller besides staff.
pub(super) async fn list_people(c: &mut DbConnection, cause: &StoredCause) -> Result<Vec<PersonView>, WalletError> {
    let people = cause.people();
    let ids: Vec<UserId> = people.iter().map(|(user_id, _)| *user_id).collect();
    let names = members::list_names(c, &ids).await?;
    let view = |(user_id, relation)| PersonView { user_id, name: names.get(&user_id).cloned(), relation };
    Ok(people.into_iter().map(view).collect())
}

/// A condition that held.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rule")]
pub(crate) struct RuleView {
    /// Never changes. For a transaction `percent_of_first_booking`, `once_at_threshold`, `decided_by_booking`,
    /// `pair_slot`, `emi_from_pair`, `decided_by_binary`, `reversed_whole`, `clawback_recovered_first`,
    /// `refunded_whole`, `refund_failed_at_source`, `payment_not_accepted`, `refunded_at_source_too`,
    /// `hold_captured_whole`, `payout_returned_whole`, `emi_part_stays`, `reserve_released` or `reason_given`; for a
    /// forfeit its reason.
    code: &'static str,
    /// The values in the text, by name.
    params: BTreeMap<&'static str, String>,
    text: String,
}

impl From<Condition> for RuleView {
    fn from(condition: Condition) -> Self {
        Self { code: condition.code, params: condition.params, text: condition.text }
    }
}

/// An operand of a calculation step.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OperandView {
    /// The name of an earlier step, or of an input: `payment_amount`, `rate`, `bonus`, `gross`, `emi_rate`,
    /// `reserve_rate`, `emi_deduction`, `reserve_deduction`, `original_amount`, `available`, `clawback_due`,
    /// `made_available`, `refunded_twice`, `hold`, `net`, `tds`, `released` or `amount`.
    name: String,
    /// An amount, or the percentage of a `percent` step.
    value: String,
}

/// A calculation step.
#[derive(Serialize, JsonSchema)]
pub(crate) struct StepView {
    /// Never changes: `payment_amount`, `bonus`, `gross`, `emi_deduction`, `share`, `rest`, `reserve_deduction`,
    /// `taken_back`, `recovered`, `hold`, `returned`, `released` or `amount`.
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
    /// What caused the entry, then what caused the earlier entries that it reverses or continues.
    causes: Vec<CauseView>,
    people: Vec<PersonView>,
    /// The inputs of the rule, as they were sent.
    inputs: serde_json::Value,
    plan: Option<Plan>,
    /// The conditions that held.
    rules: Vec<RuleView>,
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
    let (entry_id, number) = ids::entry_and_line(id);
    let entry = entries::find(&mut c, entry_id).await?.ok_or_else(Problem::not_found)?;
    caller.require_may_see(entry.member_id)?;
    let stored = derivation::load_entry(&mut c, entry).await?;
    let line = stored.find_line(number).ok_or_else(Problem::not_found)?;
    let derived = stored.explain(line)?;
    let reference = ReferenceView::of(&stored.cause.command);
    let transaction = TransactionView::from_row(line.clone(), reference).map_err(Problem::internal)?;
    Ok(Json::new(ExplanationView {
        transaction: transaction.ok_or_else(Problem::not_found)?,
        postings: stored.lines.iter().map(PostingView::from).collect(),
        causes: list_causes(stored.entry.event_id, &stored.cause),
        people: list_people(&mut c, &stored.cause).await?,
        inputs: serde_json::from_str(&stored.entry.inputs).map_err(Problem::internal)?,
        plan: stored.cause.plan,
        rules: derived.rules.into_iter().map(RuleView::from).collect(),
        steps: derived.steps.into_iter().map(StepView::from).collect(),
        entry: stored.entry.into(),
    }))
}

/// The explanation of a forfeit.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ForfeitExplanation")]
pub(crate) struct ForfeitExplanationView {
    forfeit: ForfeitView,
    /// What caused it, then what caused the earlier entries that it concerns.
    causes: Vec<CauseView>,
    people: Vec<PersonView>,
    /// The inputs of the rule, as they were sent.
    inputs: serde_json::Value,
    plan: Option<Plan>,
    /// The reason, with the amount that would have been moved.
    rules: Vec<RuleView>,
}

/// Explain why a cause moved no money.
///
/// For its member and for staff. 404 for any other caller, or when it does not exist.
#[operation]
pub(super) async fn explain_forfeit(
    state: web::Data<WalletState>,
    caller: Caller,
    Path(id): Path<EntryId>,
) -> Result<Json<ForfeitExplanationView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let row = forfeits::find(&mut c, id).await?.ok_or_else(Problem::not_found)?;
    caller.require_may_see(row.user_id)?;
    let cause = derivation::load_forfeit(&mut c, &row).await?;
    Ok(Json::new(ForfeitExplanationView {
        causes: list_causes(None, &cause),
        people: list_people(&mut c, &cause).await?,
        inputs: serde_json::from_str(&row.inputs).map_err(Problem::internal)?,
        plan: cause.plan,
        rules: vec![reason_rule(&row)],
        forfeit: row.into(),
    }))
}

fn reason_rule(row: &ForfeitRow) -> RuleView {
    let params = BTreeMap::from([("amount", row.amount_paise.to_string())]);
    RuleView { code: row.reason.as_str(), params, text: row.reason.description().to_owned() }
}
