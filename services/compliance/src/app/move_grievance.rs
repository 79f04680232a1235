//! Filing of a grievance, and every step after it.

use crate::domain::grievance::{
    GrievanceActor, GrievanceCategory, GrievanceCommand, GrievanceId, GrievanceState, MAX_OPEN_GRIEVANCES,
};
use crate::error::ComplianceError;
use crate::store::grievance_counters;
use crate::store::grievances::{self, Grievance, GrievanceStepRow};
use crate::store::member_records::{self, RecordKind};
use crate::store::members;
use db::DbConnection;
use diesel::QueryResult;
use domain::{BookingId, PayoutId, Timestamp, UserId};
use messaging::outbox;
use proto_events::compliance::v1::GrievanceMoved;
use proto_events::vocabulary::GrievanceStep;

/// What a member writes.
#[derive(Debug, Clone)]
pub struct NewGrievance {
    pub id: GrievanceId,
    pub user_id: UserId,
    pub category: GrievanceCategory,
    pub text: String,
    pub booking_id: Option<BookingId>,
    pub payout_id: Option<PayoutId>,
}

/// Files a grievance: gives it the next number of the financial year, and publishes `GrievanceMoved`.
///
/// Errors with `RecordUnknown` when the booking or payout is not the member's, and with `TooManyGrievances` when 20 of
/// the member's are open. The lock of the counter makes filings wait for each other, so the count is exact.
pub async fn file_grievance(
    c: &mut DbConnection,
    new: &NewGrievance,
    now: Timestamp,
) -> Result<Grievance, ComplianceError> {
    let booking = new.booking_id.map(|id| (id.uuid(), RecordKind::Booking));
    let payout = new.payout_id.map(|id| (id.uuid(), RecordKind::Payout));
    for (id, kind) in [booking, payout].into_iter().flatten() {
        if !member_records::is_own(c, id, kind, new.user_id).await? {
            return Err(ComplianceError::RecordUnknown(kind));
        }
    }
    let year = now.financial_year();
    let number = grievance_counters::lock(c, year).await? + 1;
    grievance_counters::set(c, year, number).await?;
    if grievances::count_open(c, new.user_id).await? >= MAX_OPEN_GRIEVANCES {
        return Err(ComplianceError::TooManyGrievances);
    }
    let state = GrievanceState::filed(new.user_id, now);
    let mut grievance = Grievance {
        id: new.id,
        financial_year: year,
        number,
        user_id: new.user_id,
        category: new.category,
        text: new.text.clone(),
        booking_id: new.booking_id,
        payout_id: new.payout_id,
        status: state.status,
        is_escalated: false,
        assigned_to: None,
        filed_at: now,
        acknowledge_by: state.acknowledge_by,
        close_by: state.close_by,
        acknowledged_at: None,
        closed_at: None,
        escalates_at: None,
        steps: 1,
    };
    grievance.set_state(state);
    grievances::insert(c, &grievance).await?;
    record_step(c, &grievance, (GrievanceStep::Filed, Some(new.user_id), ""), now).await?;
    Ok(grievance)
}

/// A grievance before and after a step.
#[derive(Debug)]
pub struct Moved {
    pub before: GrievanceState,
    pub grievance: Grievance,
    /// Whether the step changed it.
    pub is_changed: bool,
}

/// Makes a step.
///
/// Errors with `NotFound`, and with `Grievance` when the step is refused.
pub async fn move_grievance(
    c: &mut DbConnection,
    id: GrievanceId,
    (command, text): (GrievanceCommand, &str),
    actor: GrievanceActor,
    now: Timestamp,
) -> Result<Moved, ComplianceError> {
    let mut grievance = grievances::lock(c, id).await?.ok_or(ComplianceError::NotFound)?;
    let before = grievance.state();
    let Some((state, step)) = before.decide(command, actor, now)? else {
        return Ok(Moved { before, grievance, is_changed: false });
    };
    grievance.set_state(state);
    grievance.steps += 1;
    grievances::save(c, &grievance).await?;
    let actor = match actor {
        GrievanceActor::Member(user) | GrievanceActor::Staff(user) => Some(user),
        GrievanceActor::Deadline => None,
    };
    record_step(c, &grievance, (step, actor, text), now).await?;
    Ok(Moved { before, grievance, is_changed: true })
}

/// Adds the last step to the history and publishes `GrievanceMoved`.
async fn record_step(
    c: &mut DbConnection,
    grievance: &Grievance,
    (step, actor_id, text): (GrievanceStep, Option<UserId>, &str),
    at: Timestamp,
) -> QueryResult<()> {
    let row = GrievanceStepRow {
        grievance_id: grievance.id,
        number: grievance.steps,
        step,
        actor_id,
        text: text.to_owned(),
        at,
    };
    grievances::insert_step(c, &row).await?;
    let moved = GrievanceMoved {
        grievance_id: grievance.id.into(),
        user_id: grievance.user_id.into(),
        number: grievance.full_number(),
        step_number: grievance.steps,
        step: step.to_string(),
        text: text.to_owned(),
        moved_at: at.micros(),
    };
    outbox::publish(c, grievance.id, at, &moved).await
}

/// Refuses an assignee who is not active staff. A member of staff may assign to themselves before their event is here.
pub async fn check_assignee(c: &mut DbConnection, assignee: UserId, actor: UserId) -> Result<(), ComplianceError> {
    if assignee == actor {
        return Ok(());
    }
    let member = members::find(c, assignee).await?;
    let is_staff = member.is_some_and(|member| member.role.is_staff() && member.is_active);
    if is_staff { Ok(()) } else { Err(ComplianceError::AssigneeNotStaff) }
}

/// Lists grievances whose deadline has passed, oldest deadline first.
pub async fn list_due_grievances(
    c: &mut DbConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<GrievanceId>, ComplianceError> {
    Ok(grievances::list_due(c, now, limit).await?)
}
