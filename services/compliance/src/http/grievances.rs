//! Grievances: filing, reading and reopening, and the officer to whom people may turn.

use super::{Subject, grievance_views};
use crate::ComplianceState;
use crate::app::move_grievance::{Moved, NewGrievance, file_grievance, move_grievance};
use crate::config::officer::OfficerSettings;
use crate::domain::grievance::{
    ACKNOWLEDGE_HOURS, CLOSE_MONTHS, GrievanceActor, GrievanceCategory, GrievanceCommand, GrievanceId, GrievanceStatus,
    REOPEN_DAYS,
};
use crate::store::grievances::{self, Grievance, GrievanceQuery};
use actix_web::web;
use chassis::audit;
use domain::bounded_text::Paragraphs;
use domain::{BookingId, PayoutId, Reason, Unvalidated, UserId};
use grievance_views::{GrievanceDetailView, GrievanceView};
use http_api::{
    Body, Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Path, Problem, Query, StaffPage, operation,
};
use runtime::id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Characters of a grievance or of a reply.
pub(super) const MAX_TEXT_CHARS: usize = 4_000;

pub(super) type GrievanceText = Unvalidated<Paragraphs<MAX_TEXT_CHARS>>;

/// A new grievance.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GrievanceInput {
    category: GrievanceCategory,
    text: GrievanceText,
    /// A booking of the caller that it is about.
    booking_id: Option<BookingId>,
    /// A payout of the caller that it is about.
    payout_id: Option<PayoutId>,
}

/// Why a grievance is reopened.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ReopenInput {
    reason: Unvalidated<Reason>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct GrievanceFilter {
    status: Option<GrievanceStatus>,
    /// Grievances of this member only; staff only, ignored for members.
    user_id: Option<UserId>,
    /// Grievances that this member of staff has; staff only, ignored for members.
    assigned_to: Option<UserId>,
}

/// The officer for grievances, and the deadlines.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct GrievanceOfficerView {
    name: String,
    address: String,
    email: String,
    phone: String,
    /// Hours within which a grievance is acknowledged.
    acknowledge_hours: i64,
    /// Months within which it is closed.
    close_months: u32,
    /// Days after its closing within which the member may reopen it.
    reopen_days: i64,
}

/// The officer for grievances, with the deadlines of an answer.
///
/// 404 while the company has named none.
#[operation]
pub(super) async fn get_officer(state: web::Data<ComplianceState>) -> Result<Json<GrievanceOfficerView>, Problem> {
    let officer = state.officer.as_deref().cloned().ok_or_else(Problem::not_found)?;
    let OfficerSettings { name, address, email, phone } = officer;
    let (acknowledge_hours, close_months, reopen_days) = (ACKNOWLEDGE_HOURS, CLOSE_MONTHS, REOPEN_DAYS);
    Ok(Json::new(GrievanceOfficerView { name, address, email, phone, acknowledge_hours, close_months, reopen_days }))
}

/// File a grievance.
///
/// It gets a number at once, is acknowledged within 48 hours and closed within a month. 422 with
/// `compliance.grievance_invalid` for a text that is empty or longer than 4,000 characters, and with
/// `compliance.record_unknown` for a booking or payout that is not the caller's. 409 with
/// `compliance.too_many_grievances` while 20 are open.
#[operation]
pub(super) async fn create(
    state: web::Data<ComplianceState>,
    caller: Caller,
    request: Idempotent<GrievanceInput>,
) -> Result<Created<GrievanceView>, Problem> {
    let (input, request) = request.read_with_code("compliance.grievance_invalid").await?;
    let new = NewGrievance {
        id: id::fresh(),
        user_id: caller.user_id,
        category: input.category,
        text: validate_text(&input.text)?,
        booking_id: input.booking_id,
        payout_id: input.payout_id,
    };
    // The booking or payout may be so new that its event is on its way.
    let filed = state.ctx.applied_events().await_projection(async || {
        let now = state.ctx.now();
        request.run(&state.ctx, async |c| Ok(GrievanceView::from(file_grievance(c, &new, now).await?))).await
    });
    filed.await
}

/// A valid text; 422 otherwise.
pub(super) fn validate_text(text: &GrievanceText) -> Result<String, Problem> {
    let text = text.validate();
    let mut errors = FieldErrors::new();
    errors.require("text", text.is_ok(), "length", format!("1 to {MAX_TEXT_CHARS} characters"));
    errors.finish("compliance.grievance_invalid")?;
    text.map(String::from).map_err(Problem::internal)
}

/// A valid reason; 422 otherwise.
pub(super) fn validate_reason(reason: &Unvalidated<Reason>) -> Result<String, Problem> {
    let reason = reason.validate();
    let mut errors = FieldErrors::new();
    errors.require("reason", reason.is_ok(), "length", "1 to 500 characters");
    errors.finish("compliance.grievance_invalid")?;
    reason.map(String::from).map_err(Problem::internal)
}

/// List grievances: own, all members' for staff.
#[operation]
pub(super) async fn list(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Query(filter): Query<GrievanceFilter>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<GrievanceView>>, Problem> {
    let is_staff = caller.role.is_staff();
    let user = if is_staff { filter.user_id } else { Some(caller.user_id) };
    let assigned_to = filter.assigned_to.filter(|_| is_staff);
    let query = GrievanceQuery { user, status: filter.status, assigned_to, order, after: page.after_id()? };
    let mut c = state.ctx.db().read().await?;
    let rows = grievances::list(&mut c, &query, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), GrievanceView::from)))
}

/// Loads a grievance that the caller may see; 404 otherwise.
pub(super) async fn load_visible(
    state: &ComplianceState,
    caller: &Caller,
    id: GrievanceId,
) -> Result<Grievance, Problem> {
    let mut c = state.ctx.db().read().await?;
    let grievance = grievances::find(&mut c, id).await?;
    grievance.filter(|grievance| caller.may_see(grievance.user_id)).ok_or_else(Problem::not_found)
}

/// One grievance with its history.
///
/// 404 when the caller may not see it.
#[operation]
pub(super) async fn get(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<GrievanceId>,
) -> Result<Json<GrievanceDetailView>, Problem> {
    let grievance = load_visible(&state, &caller, id).await?;
    let mut c = state.ctx.db().read().await?;
    let steps = grievances::list_steps(&mut c, id).await?;
    Ok(Json::new(GrievanceDetailView::new(grievance, steps)))
}

/// Reopen one's own closed grievance.
///
/// Its deadlines begin anew. 409 with `compliance.grievance_open` unless it is closed, and with
/// `compliance.grievance_final` later than 30 days after. 403 with `compliance.own` for the grievance of another.
#[operation]
pub(super) async fn reopen(
    state: web::Data<ComplianceState>,
    caller: Caller,
    Path(id): Path<GrievanceId>,
    body: Body<ReopenInput>,
) -> Result<Json<GrievanceView>, Problem> {
    load_visible(&state, &caller, id).await?;
    let reason = validate_reason(&body.read_with_code("compliance.grievance_invalid").await?.reason)?;
    let (command, actor) = ((GrievanceCommand::Reopen, reason.as_str()), GrievanceActor::Member(caller.user_id));
    make_step(&state, &caller, id, command, actor, None).await
}

/// Makes a step and records it in the audit log, if `action` names one and the step changed the grievance.
pub(super) async fn make_step(
    state: &ComplianceState,
    caller: &Caller,
    id: GrievanceId,
    (command, text): (GrievanceCommand, &str),
    actor: GrievanceActor,
    action: Option<&'static str>,
) -> Result<Json<GrievanceView>, Problem> {
    let now = state.ctx.now();
    let grievance = state
        .ctx
        .tx(async |c| {
            let Moved { before, grievance, is_changed } = move_grievance(c, id, (command, text), actor, now).await?;
            if let Some(action) = action.filter(|_| is_changed) {
                let changes = [
                    audit::Change::new("status", &before.status, &grievance.status),
                    audit::Change::new("is_escalated", &before.is_escalated, &grievance.is_escalated),
                ];
                let subject = Subject::Grievance(id, grievance.user_id);
                let changes = changes.into_iter().flatten().collect();
                audit::record_changes(c, caller, now, action, (subject, changes), &grievance.full_number()).await?;
            }
            Ok::<_, Problem>(grievance)
        })
        .await?;
    Ok(Json::new(GrievanceView::from(grievance)))
}
