//! The compensation plan and its versions.

use crate::app::publish::publish as publish_version;
use crate::app::simulate::simulate as simulate_plan;
use crate::state::Binary;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit;
use chassis::auth::Caller;
use chassis::http::problem::FieldError;
use chassis::http::{Body, Cursor, Idempotent, Page, Problem, long_read, ok};
use domain::{Plan, PlanError, PlanVersion, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A version cannot be taken back, and the next must take effect after it: one in a far future would be the last.
const FURTHEST_HOURS: i64 = 2 * 366 * 24;

/// A whole plan, or the name of a preset.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct NewPlan {
    effective_from: Timestamp,
    /// `seed` or `fixed`.
    #[serde(default)]
    preset: Option<String>,
    #[serde(default)]
    plan: Option<Plan>,
}

/// A whole plan, or the name of a preset.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct CandidatePlan {
    /// `seed` or `fixed`.
    #[serde(default)]
    preset: Option<String>,
    #[serde(default)]
    plan: Option<Plan>,
}

pub(super) async fn current(app: web::Data<Binary>) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let held = app.keeper.read(&mut c).await?;
    let version = held.tree.book().in_force(app.ctx.now()).map_err(Problem::internal)?;
    Ok(ok(version))
}

pub(super) async fn versions(app: web::Data<Binary>, page: Page) -> Result<HttpResponse, Problem> {
    let after = page.after_number()?;
    let mut c = app.ctx.db().read().await?;
    let held = app.keeper.read(&mut c).await?;
    let limit = usize::try_from(page.fetch_limit()).unwrap_or(usize::MAX);
    let older = |v: &&PlanVersion| after.is_none_or(|a| i64::from(v.version) < a);
    let rows: Vec<PlanVersion> = held.tree.book().versions().iter().rev().filter(older).take(limit).cloned().collect();
    Ok(ok(&page.listing(rows, |v| Cursor::Number(i64::from(v.version)), |v| v)))
}

pub(super) async fn publish(
    app: web::Data<Binary>,
    caller: Caller,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let input = body.json_or::<NewPlan>("binary.plan_invalid").await?;
    let effective_from = input.value.effective_from;
    let plan = &chosen(input.value.preset.as_deref(), input.value.plan)?;
    let (app, caller, ticket) = (&*app, &caller, &AtomicU64::new(0));
    let answer = idem
        .run(&app.ctx, caller, &input.bytes, StatusCode::CREATED, async |c| {
            let now = app.ctx.now();
            let hours = app.config.plan_notice_hours;
            if effective_from < now.plus_hours(hours) {
                let detail = format!("effective_from must be at least {hours} hours ahead");
                return Err(Problem::unprocessable("binary.plan_notice_too_short", detail));
            }
            if effective_from > now.plus_hours(FURTHEST_HOURS) {
                let detail = format!("effective_from must be at most {} days ahead", FURTHEST_HOURS / 24);
                return Err(Problem::unprocessable("binary.plan_too_far_ahead", detail));
            }
            let mut batch = app.keeper.begin(c).await?;
            let version = publish_version(c, &mut batch, plan.clone(), effective_from, caller.user_id, now).await?;
            let action = audit::Action {
                action: "plan.publish",
                subject_type: "plan_version",
                subject_id: version.version.to_string(),
                subject_user: None,
                detail: &version.plan.name,
            };
            audit::record(c, "binary", caller, now, action).await?;
            batch.write(c).await?;
            ticket.store(batch.release(), Ordering::Release);
            Ok(version)
        })
        .await?;
    app.keeper.committed(ticket.load(Ordering::Acquire)).await;
    Ok(answer)
}

/// Changes nothing. One at a time, verifications among them.
pub(super) async fn simulate(app: web::Data<Binary>, body: Body) -> Result<HttpResponse, Problem> {
    let input = body.json_or::<CandidatePlan>("binary.plan_invalid").await?.value;
    let plan = chosen(input.preset.as_deref(), input.plan)?;
    let _only = app.replays.begin()?;
    let turn = long_read(app.ctx.db(), Duration::ZERO).await?;
    let mut c = turn.connection().await?;
    Ok(ok(&simulate_plan(&mut c, plan).await?))
}

fn chosen(preset: Option<&str>, plan: Option<Plan>) -> Result<Plan, Problem> {
    let plan = match (preset, plan) {
        (Some(name), None) => Plan::preset(name).map_err(refuse)?,
        (None, Some(plan)) => plan,
        (Some(_), Some(_)) | (None, None) => {
            return Err(Problem::unprocessable("binary.plan_invalid", "give either a plan or the name of a preset"));
        }
    };
    plan.validate().map_err(refuse)?;
    Ok(plan)
}

fn refuse(error: PlanError) -> Problem {
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
