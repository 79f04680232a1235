//! The compensation plan and its versions.

use crate::app::publish_plan::publish_plan;
use crate::app::tree_state::NO_BATCH;
use crate::domain::PlanState;
use crate::state::BinaryState;
use crate::store::plans;
use actix_web::web;
use chassis::audit;
use domain::{Plan, PlanError, PlanVersion, Timestamp, UserId};
use http_api::problem::FieldError;
use http_api::{Caller, Created, Cursor, Idempotent, Json, Listing, Page, Problem, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Maximum notice. A version cannot be revoked and the next must take effect after it, so one in the far future would
/// block all others.
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
    state: PlanState,
}

impl PlanVersionView {
    fn new(version: PlanVersion, state: PlanState, published: Option<(UserId, Timestamp)>) -> Self {
        let PlanVersion { version, effective_from, plan } = version;
        let (published_by, published_at) = published.unzip();
        Self { version, effective_from, plan, published_by, published_at, state }
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

/// Plan versions, newest first.
#[operation]
pub(super) async fn list(state: web::Data<BinaryState>, page: Page) -> Result<Json<Listing<PlanVersionView>>, Problem> {
    let (after, now) = (page.after_number()?, state.ctx.now());
    let limit = usize::try_from(page.fetch_limit()).map_err(Problem::internal)?;
    let older = |v: &&PlanVersion| after.is_none_or(|a| i64::from(v.version) < a);
    let mut c = state.ctx.db().read().await?;
    let versions: Vec<(PlanVersion, PlanState)> = {
        let tree_state = state.tree_store.read(&mut c).await?;
        let plans = tree_state.tree.plans();
        let shown = plans.versions().iter().rev().filter(older).take(limit);
        let with_state = shown.map(|version| Ok((version.clone(), PlanState::of(version, plans, now)?)));
        with_state.collect::<Result<_, PlanError>>().map_err(Problem::internal)?
    };
    let numbers: Vec<i64> = versions.iter().map(|(version, _)| i64::from(version.version)).collect();
    let rows = plans::find_all(&mut c, &numbers).await?;
    let published: HashMap<i64, _> =
        rows.into_iter().map(|row| (row.version, (row.published_by, row.published_at))).collect();
    Ok(Json::new(page.listing(
        versions,
        |(version, _)| Cursor::Number(i64::from(version.version)),
        |(version, state)| {
            let published = published.get(&i64::from(version.version)).copied();
            PlanVersionView::new(version, state, published)
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
            let action = audit::StaffAction {
                action: "plan.publish",
                subject_type: "plan_version",
                subject_id: version.version.to_string(),
                subject_user: None,
                detail: &version.plan.name,
            };
            audit::record(c, "binary", &caller, now, action).await?;
            batch.write(c).await?;
            let state = PlanState::of(&version, batch.tree().plans(), now).map_err(Problem::internal)?;
            batch_id.store(batch.release(), Ordering::Release);
            Ok(PlanVersionView::new(version, state, Some((caller.user_id, now))))
        })
        .await?;
    state.tree_store.confirm_commit(batch_id.load(Ordering::Acquire)).await;
    Ok(published)
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
        PlanError::UnknownPreset(_) | PlanError::OutOfOrder | PlanError::NoneInForce(_) | PlanError::Money(_) => {
            problem
        }
    }
}
