//! The compensation plan and its versions.

use super::Subject;
use crate::app::publish_plan::publish_plan;
use crate::app::tree_state::NO_BATCH;
use crate::app::withdraw_plan::withdraw_plan;
use crate::domain::PlanState;
use crate::state::BinaryState;
use crate::store::plans;
use actix_web::web;
use chassis::audit;
use domain::{Plan, PlanError, PlanVersion, Timestamp, UserId};
use http_api::problem::FieldError;
use http_api::{Caller, Created, Cursor, Idempotent, Json, Listing, NoContent, Path, Problem, StaffPage, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Maximum notice, so that a mistyped year is refused.
pub(super) const MAX_NOTICE_HOURS: i64 = 2 * 366 * 24;

/// A new plan version: a whole plan, or the name of a preset.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PlanVersionInput {
    effective_from: Timestamp,
    /// `seed` or `fixed`.
    #[serde(default)]
    preset: Option<String>,
    #[serde(default)]
    plan: Option<Plan>,
}

/// A plan version with its publication and state.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PlanVersionView {
    version: u32,
    effective_from: Timestamp,
    plan: Plan,
    /// Administrator; null for version 1, which is built in.
    published_by: Option<UserId>,
    published_at: Option<Timestamp>,
    /// Administrator who withdrew it before it took effect.
    withdrawn_by: Option<UserId>,
    withdrawn_at: Option<Timestamp>,
    state: PlanState,
}

/// An administrator and the time of an action.
type ActedBy = Option<(UserId, Timestamp)>;

impl PlanVersionView {
    fn new(version: PlanVersion, state: PlanState, published: ActedBy, withdrawn: ActedBy) -> Self {
        let PlanVersion { version, effective_from, plan } = version;
        let (published_by, published_at) = published.unzip();
        let (withdrawn_by, withdrawn_at) = withdrawn.unzip();
        Self { version, effective_from, plan, published_by, published_at, withdrawn_by, withdrawn_at, state }
    }
}

/// The plan in force.
#[operation]
pub(super) async fn get(state: web::Data<BinaryState>) -> Result<Json<PlanVersion>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let tree_state = state.tree_store.read(&mut c).await?;
    let version = tree_state.tree.plans().in_force(state.ctx.now()).map_err(Problem::internal)?;
    Ok(Json::new(version.clone()))
}

/// List plan versions.
#[operation]
pub(super) async fn list(
    state: web::Data<BinaryState>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<PlanVersionView>>, Problem> {
    let (after, now) = (page.after_number()?, state.ctx.now());
    let limit = usize::try_from(page.fetch_limit()).map_err(Problem::internal)?;
    let mut c = state.ctx.db().read().await?;
    let versions: Vec<(PlanVersion, PlanState)> = {
        let tree_state = state.tree_store.read(&mut c).await?;
        let plans = tree_state.tree.plans();
        let is_shown = |v: &&PlanVersion| order.is_after(&i64::from(v.version), after.as_ref());
        let mut shown: Vec<&PlanVersion> = plans.versions().iter().filter(is_shown).collect();
        order.sort_by_key(&mut shown, |version| version.version);
        let with_state =
            shown.into_iter().take(limit).map(|version| Ok((version.clone(), PlanState::of(version, plans, now)?)));
        with_state.collect::<Result<_, PlanError>>().map_err(Problem::internal)?
    };
    let numbers: Vec<i64> = versions.iter().map(|(version, _)| i64::from(version.version)).collect();
    let published = plans::find_all(&mut c, &numbers).await?.into_iter();
    let published: HashMap<i64, _> = published.map(|row| (row.version, (row.published_by, row.published_at))).collect();
    let withdrawn = plans::find_withdrawals(&mut c, &numbers).await?.into_iter();
    let withdrawn: HashMap<i64, _> = withdrawn.map(|row| (row.version, (row.withdrawn_by, row.withdrawn_at))).collect();
    Ok(Json::new(page.listing(
        versions,
        |(version, _)| Cursor::Number(i64::from(version.version)),
        |(version, state)| {
            let number = i64::from(version.version);
            PlanVersionView::new(version, state, published.get(&number).copied(), withdrawn.get(&number).copied())
        },
    )))
}

/// Publish a plan version that takes effect later.
///
/// 422 with `binary.plan_invalid` unless exactly one of `plan` and `preset` is given and valid, and unless the version
/// takes effect after the latest one; with `binary.plan_notice_too_short` or `binary.plan_too_far_ahead` for a time at
/// which no version may take effect.
#[operation]
pub(super) async fn create(
    state: web::Data<BinaryState>,
    caller: Caller,
    request: Idempotent<PlanVersionInput>,
) -> Result<Created<PlanVersionView>, Problem> {
    let (input, request) = request.read_with_code("binary.plan_invalid").await?;
    let effective_from = input.effective_from;
    let plan = parse_plan(input.preset.as_deref(), input.plan)?;
    let batch_id = AtomicU64::new(NO_BATCH);
    let published = request
        .run(&state.ctx, async |c| {
            let now = state.ctx.now();
            let hours = state.config.plan_notice_hours;
            if effective_from < now.plus_hours(hours) {
                let detail = format!("effective_from must be at least {hours} hours ahead");
                return Err(Problem::unprocessable("binary.plan_notice_too_short", detail));
            }
            if effective_from > now.plus_hours(MAX_NOTICE_HOURS) {
                let detail = format!("effective_from must be at most {} days ahead", MAX_NOTICE_HOURS / 24);
                return Err(Problem::unprocessable("binary.plan_too_far_ahead", detail));
            }
            let mut batch = state.tree_store.begin(c).await?;
            let version = publish_plan(c, &mut batch, plan.clone(), effective_from, caller.user_id, now).await?;
            let subject = Subject::PlanVersion(version.version);
            audit::record(c, &caller, now, "plan.publish", subject, &version.plan.name).await?;
            batch.write(c).await?;
            let state = PlanState::of(&version, batch.tree().plans(), now).map_err(Problem::internal)?;
            batch_id.store(batch.release(), Ordering::Release);
            Ok(PlanVersionView::new(version, state, Some((caller.user_id, now)), None))
        })
        .await?;
    state.tree_store.confirm_commit(batch_id.load(Ordering::Acquire)).await;
    Ok(published)
}

/// Withdraw a plan version before it takes effect.
///
/// Its number is not used again. A repeated request succeeds too. 404 for an unknown version; 409 with
/// `binary.plan_already_effective` for one that has taken effect or does so within ten minutes.
#[operation]
pub(super) async fn withdraw(
    state: web::Data<BinaryState>,
    caller: Caller,
    Path(version): Path<u32>,
) -> Result<NoContent, Problem> {
    let batch_id = state
        .ctx
        .tx(async |c| {
            let now = state.ctx.now();
            let mut batch = state.tree_store.begin(c).await?;
            if withdraw_plan(c, &mut batch, version, caller.user_id, now).await? {
                audit::record(c, &caller, now, "plan.withdraw", Subject::PlanVersion(version), "").await?;
            }
            batch.save(c).await
        })
        .await?;
    state.tree_store.confirm_commit(batch_id).await;
    Ok(NoContent)
}

/// The plan of a request. Errors with `binary.plan_invalid` unless exactly one of preset and plan is given and valid.
pub(super) fn parse_plan(preset: Option<&str>, plan: Option<Plan>) -> Result<Plan, Problem> {
    let plan = match (preset, plan) {
        (Some(name), None) => Plan::preset(name).map_err(plan_problem)?,
        (None, Some(plan)) => plan,
        (Some(_), Some(_)) | (None, None) => {
            return Err(Problem::unprocessable("binary.plan_invalid", "give either a plan or the name of a preset"));
        }
    };
    plan.validate().map_err(plan_problem)?;
    Ok(plan)
}

fn plan_problem(error: PlanError) -> Problem {
    let problem = Problem::unprocessable("binary.plan_invalid", error.to_string());
    match error {
        PlanError::Invalid { field, reason } => problem.with_errors(vec![FieldError {
            field: format!("plan.{field}"),
            code: "invalid",
            detail: reason.to_owned(),
        }]),
        PlanError::UnknownPreset(_)
        | PlanError::OutOfOrder
        | PlanError::UnknownVersion(_)
        | PlanError::AlreadyEffective(_)
        | PlanError::NoneInForce(_)
        | PlanError::Money(_) => problem,
    }
}
