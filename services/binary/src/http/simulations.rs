//! Simulations of a plan.

use super::plans::parse_plan;
use crate::app::simulate::SimulationReport;
use crate::domain::simulation::{Comparison, EarningsSum, PlanResults};
use crate::state::BinaryState;
use crate::tasks::PLAN_SIMULATION;
use actix_web::web;
use domain::{Money, Month, Plan};
use http_api::{Accepted, Body, Caller, Json, JsonOrAccepted, Listing, Page, Path, Problem, operation};
use long_tasks::{JsonOf, TaskId, TaskView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// A plan to simulate: a whole plan, or the name of a preset.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CandidatePlanInput {
    /// `seed` or `fixed`.
    #[serde(default)]
    preset: Option<String>,
    #[serde(default)]
    plan: Option<Plan>,
}

/// Results of the candidate plan, as if it had been in force from the beginning, and of the published plans.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SimulationView {
    /// Entries of the tree's journal that were replayed.
    journal_entries: i64,
    candidate: PlanResultsView,
    /// The same replay under the published plan versions.
    live: PlanResultsView,
    /// Members whose net from pairs and referrals would be greater.
    members_better_off: u64,
    /// Members whose net from pairs and referrals would be smaller.
    members_worse_off: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PlanResultsView {
    /// All matched pairs and bonuses that were not voided or reversed.
    total: EarningsSumView,
    /// By the month in which a pair was matched or a payment completed, oldest first.
    months: Vec<MonthView>,
    /// Members with a net greater than zero.
    earners: u64,
    /// Number of earners in the top percent, at least one.
    top_earners: u64,
    /// Share of the top earners in the whole net, in percent with two decimals, rounded down.
    top_earners_share: String,
    top_earners_net: Money,
    /// Pairs over the limit, carried to a later period.
    carried_pairs: u64,
    /// Their gross.
    carried_gross: Money,
}

#[derive(Debug, Serialize, JsonSchema)]
struct MonthView {
    month: Month,
    #[serde(flatten)]
    sum: EarningsSumView,
}

/// Sums, where `net + emi_deduction + reserve_deduction = gross + referral` is the cost to the company.
#[derive(Debug, Serialize, JsonSchema)]
struct EarningsSumView {
    /// Number of referral bonuses; `referral` is their amount.
    bonuses: u64,
    referral: Money,
    pairs: u64,
    /// Gross pay of the pairs.
    gross: Money,
    emi_deduction: Money,
    reserve_deduction: Money,
    net: Money,
}

impl From<&SimulationReport> for SimulationView {
    fn from(report: &SimulationReport) -> Self {
        let Comparison { live, candidate, better_off, worse_off } = &report.comparison;
        Self {
            journal_entries: report.journal_entries,
            candidate: candidate.into(),
            live: live.into(),
            members_better_off: *better_off,
            members_worse_off: *worse_off,
        }
    }
}

impl Serialize for SimulationReport {
    /// As the API does: the operator's command prints the same.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SimulationView::from(self).serialize(serializer)
    }
}

impl From<&EarningsSum> for EarningsSumView {
    fn from(sum: &EarningsSum) -> Self {
        let EarningsSum { bonuses, referral, pairs, gross, emi_deduction, reserve_deduction, net } = *sum;
        Self { bonuses, referral, pairs, gross, emi_deduction, reserve_deduction, net }
    }
}

impl From<&PlanResults> for PlanResultsView {
    fn from(results: &PlanResults) -> Self {
        let months = results.months.iter().map(|(month, sum)| MonthView { month: *month, sum: sum.into() });
        Self {
            total: (&results.total).into(),
            months: months.collect(),
            earners: results.earners,
            top_earners: results.top_earners,
            top_earners_share: share(results.top_net, results.total.net),
            top_earners_net: results.top_net,
            carried_pairs: results.carried_pairs,
            carried_gross: results.carried_gross,
        }
    }
}

fn share(part: Money, whole: Money) -> String {
    let hundredths = (i128::from(part.paise()) * 10_000).checked_div(i128::from(whole.paise())).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Simulate the whole history of the tree under a candidate plan.
///
/// Reads only. 202 when the tree has more than a million members: get the simulation until its `state` is `done` or
/// `failed`. 422 with `binary.plan_invalid` unless exactly one of `plan` and `preset` is given and valid. 429 while
/// another simulation or verification runs.
#[operation]
pub(super) async fn simulate(
    state: web::Data<BinaryState>,
    caller: Caller,
    body: Body<CandidatePlanInput>,
) -> Result<JsonOrAccepted<JsonOf<SimulationView>, TaskView<SimulationView>>, Problem> {
    let candidate = body.read_with_code("binary.plan_invalid").await?;
    let plan = parse_plan(candidate.preset.as_deref(), candidate.plan)?;
    let input = serde_json::to_value(&plan).map_err(Problem::internal)?;
    if state.tree_store.count_members().await > state.config.simulate_sync_members {
        let (tasks, input) = (&state.tasks, &input);
        let requested = state.ctx.tx(async |c| tasks.request(c, &PLAN_SIMULATION, input, caller.user_id).await);
        return Ok(JsonOrAccepted::Accepted(Accepted::new(requested.await?)));
    }
    Ok(JsonOrAccepted::Json(Json::new(JsonOf::new(state.tasks.run_now(&PLAN_SIMULATION, input).await?))))
}

/// A simulation in the background, with its report once it is done. They are kept for thirty days.
#[operation]
pub(super) async fn get(
    state: web::Data<BinaryState>,
    Path(id): Path<TaskId>,
) -> Result<Json<TaskView<SimulationView>>, Problem> {
    Ok(Json::new(state.tasks.get(&PLAN_SIMULATION, id).await?))
}

/// Simulations in the background, newest first.
#[operation]
pub(super) async fn list(
    state: web::Data<BinaryState>,
    page: Page,
) -> Result<Json<Listing<TaskView<SimulationView>>>, Problem> {
    Ok(Json::new(state.tasks.list(&PLAN_SIMULATION, &page).await?))
}
