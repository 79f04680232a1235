//! HTTP handlers of staff for grievances, and of the register of all of them.

use super::Subject;
use super::grievance_views::GrievanceView;
use super::grievances::{GrievanceText, load_visible, make_step, validate_reason, validate_text};
use crate::ComplianceState;
use crate::app::move_grievance::check_assignee;
use crate::domain::grievance::{GrievanceActor, GrievanceCommand, GrievanceId};
use crate::error::ComplianceError;
use crate::store::grievances::{self, Grievance};
use actix_web::web;
use chassis::audit;
use domain::{Reason, Timestamp, Unvalidated, UserId};
use http_api::{
    Body, BodySender, Caller, Download, FileTypes, Json, Path, Problem, Query, TimeRange, csv_cell, download,
    long_read, operation,
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Grievances in memory at a time.
const PAGE_GRIEVANCES: i64 = 500;
const COLUMNS: [&str; 13] = [
    "number",
    "filed_at",
    "user_id",
    "category",
    "text",
    "booking_id",
    "payout_id",
    "status",
    "escalated",
    "acknowledged_at",
    "acknowledge_by",
    "closed_at",
    "close_by",
];

/// Who gets a grievance.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AssignInput {
    /// A member of staff.
    user_id: UserId,
}

/// An answer to the member.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ReplyInput {
    text: GrievanceText,
}

/// Why a grievance is closed or escalated; the member reads it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GrievanceReasonInput {
    reason: Unvalidated<Reason>,
}

/// Checks that the caller may act on the grievance, before the body is read: 404 when there is none, 403 for one's own.
async fn check_not_own(state: &ComplianceState, caller: &Caller, id: GrievanceId) -> Result<(), Problem> {
    let grievance = load_visible(state, caller, id).await?;
    let is_own = grievance.user_id == caller.user_id;
    if is_own { Err(ComplianceError::from(crate::domain::grievance::GrievanceRefusal::Own).into()) } else { Ok(()) }
}

/// Acknowledge a grievance.
///
/// The same again changes nothing. 403 for the caller's own, 409 with `compliance.grievance_closed`.
#[operation]
pub(super) async fn acknowledge(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<GrievanceId>,
) -> Result<Json<GrievanceView>, Problem> {
    let (command, actor) = ((GrievanceCommand::Acknowledge, ""), GrievanceActor::Staff(caller.user_id));
    make_step(&state, &caller, id, command, actor, Some("grievance.acknowledge")).await
}

/// Assign a grievance to a member of staff.
///
/// The same again changes nothing. 403 for the caller's own, 409 with `compliance.grievance_closed`, 422 with
/// `compliance.assignee_not_staff` for a user who is not active staff.
#[operation]
pub(super) async fn assign(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<GrievanceId>,
    body: Body<AssignInput>,
) -> Result<Json<GrievanceView>, Problem> {
    check_not_own(&state, &caller, id).await?;
    let staff = body.read_with_code("compliance.grievance_invalid").await?.user_id;
    state
        .ctx
        .applied_events()
        .await_projection(async || {
            let mut c = state.ctx.db().read().await?;
            Ok::<_, Problem>(check_assignee(&mut c, staff, caller.user_id).await?)
        })
        .await?;
    let (command, actor) = ((GrievanceCommand::Assign(staff), ""), GrievanceActor::Staff(caller.user_id));
    make_step(&state, &caller, id, command, actor, Some("grievance.assign")).await
}

/// Reply to the member, which also acknowledges the grievance.
///
/// 403 for the caller's own, 409 with `compliance.grievance_closed`, 422 without a valid text.
#[operation]
pub(super) async fn reply(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<GrievanceId>,
    body: Body<ReplyInput>,
) -> Result<Json<GrievanceView>, Problem> {
    check_not_own(&state, &caller, id).await?;
    let text = validate_text(&body.read_with_code("compliance.grievance_invalid").await?.text)?;
    let (command, actor) = ((GrievanceCommand::Reply, text.as_str()), GrievanceActor::Staff(caller.user_id));
    make_step(&state, &caller, id, command, actor, Some("grievance.reply")).await
}

/// Escalate a grievance to the officer.
///
/// The same again changes nothing. 403 for the caller's own, 409 with `compliance.grievance_closed`, 422 without a
/// valid reason.
#[operation]
pub(super) async fn escalate(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<GrievanceId>,
    body: Body<GrievanceReasonInput>,
) -> Result<Json<GrievanceView>, Problem> {
    check_not_own(&state, &caller, id).await?;
    let reason = validate_reason(&body.read_with_code("compliance.grievance_invalid").await?.reason)?;
    let (command, actor) = ((GrievanceCommand::Escalate, reason.as_str()), GrievanceActor::Staff(caller.user_id));
    make_step(&state, &caller, id, command, actor, Some("grievance.escalate")).await
}

/// Close a grievance with a reason.
///
/// 403 for the caller's own, 409 with `compliance.grievance_closed`, 422 without a valid reason.
#[operation]
pub(super) async fn close(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<GrievanceId>,
    body: Body<GrievanceReasonInput>,
) -> Result<Json<GrievanceView>, Problem> {
    check_not_own(&state, &caller, id).await?;
    let reason = validate_reason(&body.read_with_code("compliance.grievance_invalid").await?.reason)?;
    let (command, actor) = ((GrievanceCommand::Close, reason.as_str()), GrievanceActor::Staff(caller.user_id));
    make_step(&state, &caller, id, command, actor, Some("grievance.close")).await
}

/// Content type of the register.
pub(super) struct RegisterFile;

impl FileTypes for RegisterFile {
    const CONTENT_TYPES: &'static [&'static str] = &["text/csv"];
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct RegisterFilter {
    /// First day or time of the filing, inclusive.
    from: Option<String>,
    /// Last day or time, inclusive.
    to: Option<String>,
}

/// The register of grievances as CSV, in the order of their filing.
///
/// Every download is recorded in the audit log. 422 when `from` is after `to`, 429 while other long reads run.
#[operation]
pub(super) async fn register(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Query(filter): Query<RegisterFilter>,
) -> Result<Download<RegisterFile>, Problem> {
    let range = TimeRange::parse(filter.from.as_deref(), filter.to.as_deref(), "compliance.range_backwards")?;
    let (from, until) = (range.from, range.until);
    let long_read = long_read(state.ctx.db(), Duration::ZERO).await?;
    let now = state.ctx.now();
    let produce = async move |out: BodySender| {
        let (action, subject) = ("grievance.register_download", Subject::GrievanceRegister);
        state.ctx.tx(async |c| audit::record(c, &caller, now, action, subject, "").await).await?;
        let mut after: Option<(Timestamp, GrievanceId)> = None;
        loop {
            let mut c = long_read.connection().await?;
            let page = grievances::list_register(&mut c, (from, until), after, PAGE_GRIEVANCES).await?;
            drop(c);
            out.send(csv_text(after.is_none(), &page)?).await?;
            after = page.last().map(|row| (row.filed_at, row.id));
            if i64::try_from(page.len()) != Ok(PAGE_GRIEVANCES) {
                return Ok(());
            }
        }
    };
    Ok(Download::new(download("text/csv; charset=utf-8", "grievance-register.csv", produce).await?))
}

fn csv_text(has_head: bool, page: &[Grievance]) -> Result<Vec<u8>, Problem> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    if has_head {
        csv.write_record(COLUMNS).map_err(Problem::internal)?;
    }
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    for row in page {
        let record = [
            row.full_number(),
            row.filed_at.to_string(),
            row.user_id.to_string(),
            row.category.to_string(),
            csv_cell(&row.text),
            row.booking_id.map(|id| id.to_string()).unwrap_or_default(),
            row.payout_id.map(|id| id.to_string()).unwrap_or_default(),
            row.status.to_string(),
            if row.is_escalated { "yes" } else { "no" }.to_owned(),
            time(row.acknowledged_at),
            row.acknowledge_by.to_string(),
            time(row.closed_at),
            row.close_by.to_string(),
        ];
        csv.write_record(record).map_err(Problem::internal)?;
    }
    csv.into_inner().map_err(|error| Problem::internal(error.into_error()))
}
