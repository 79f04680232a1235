//! Tables of grievances, their steps and their numbers.

use crate::domain::grievance::{GrievanceCategory, GrievanceId, GrievanceState, GrievanceStatus, GrievanceStep};
use crate::schema::{grievance_steps, grievances};
use db::{DbConnection, LockExt, SortOrder, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, FinancialYear, PayoutId, Timestamp, UserId};

/// A grievance.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = grievances, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Grievance {
    pub id: GrievanceId,
    /// The year of its number.
    pub financial_year: FinancialYear,
    pub number: i64,
    pub user_id: UserId,
    pub category: GrievanceCategory,
    pub text: String,
    pub booking_id: Option<BookingId>,
    pub payout_id: Option<PayoutId>,
    pub status: GrievanceStatus,
    pub is_escalated: bool,
    pub assigned_to: Option<UserId>,
    pub filed_at: Timestamp,
    pub acknowledge_by: Timestamp,
    pub close_by: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    /// When the job escalates it; `None` when it will not.
    pub escalates_at: Option<Timestamp>,
    /// Steps of its history.
    pub steps: i64,
}

impl Grievance {
    /// Its number as people write it.
    pub fn full_number(&self) -> String {
        format!("GRV/{}/{:06}", self.financial_year, self.number)
    }

    /// The state that decides about the next step.
    pub fn state(&self) -> GrievanceState {
        GrievanceState {
            owner: self.user_id,
            status: self.status,
            is_escalated: self.is_escalated,
            assigned_to: self.assigned_to,
            acknowledge_by: self.acknowledge_by,
            close_by: self.close_by,
            acknowledged_at: self.acknowledged_at,
            closed_at: self.closed_at,
        }
    }

    /// Takes over a state.
    pub fn set_state(&mut self, state: GrievanceState) {
        self.escalates_at = state.escalates_at();
        self.status = state.status;
        self.is_escalated = state.is_escalated;
        self.assigned_to = state.assigned_to;
        self.acknowledge_by = state.acknowledge_by;
        self.close_by = state.close_by;
        self.acknowledged_at = state.acknowledged_at;
        self.closed_at = state.closed_at;
    }
}

/// A step of a grievance's history.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = grievance_steps, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct GrievanceStepRow {
    pub grievance_id: GrievanceId,
    /// From 1.
    pub number: i64,
    pub step: GrievanceStep,
    /// `None` for the job that watches the deadlines.
    pub actor_id: Option<UserId>,
    pub text: String,
    pub at: Timestamp,
}

/// Inserts a grievance.
pub async fn insert(c: &mut DbConnection, grievance: &Grievance) -> QueryResult<()> {
    diesel::insert_into(grievances::table).values(grievance.clone()).execute(c).await.map(drop)
}

/// Saves a grievance.
pub async fn save(c: &mut DbConnection, grievance: &Grievance) -> QueryResult<()> {
    diesel::update(grievances::table.find(grievance.id)).set(grievance).execute(c).await.map(drop)
}

/// Adds a step.
pub async fn insert_step(c: &mut DbConnection, step: &GrievanceStepRow) -> QueryResult<()> {
    diesel::insert_into(grievance_steps::table).values(step.clone()).execute(c).await.map(drop)
}

/// Finds a grievance.
pub async fn find(c: &mut DbConnection, id: GrievanceId) -> QueryResult<Option<Grievance>> {
    grievances::table.find(id).select(Grievance::as_select()).first(c).await.optional()
}

/// Locks and finds a grievance.
pub async fn lock(c: &mut DbConnection, id: GrievanceId) -> QueryResult<Option<Grievance>> {
    grievances::table.find(id).select(Grievance::as_select()).lock().get_result(c).await.optional()
}

/// Counts a member's grievances that are not closed.
pub async fn count_open(c: &mut DbConnection, user: UserId) -> QueryResult<i64> {
    let of_member = grievances::table.filter(grievances::user_id.eq(user));
    of_member.filter(grievances::status.ne(GrievanceStatus::Closed)).count().get_result(c).await
}

/// Lists the steps of a grievance, oldest first.
pub async fn list_steps(c: &mut DbConnection, id: GrievanceId) -> QueryResult<Vec<GrievanceStepRow>> {
    grievance_steps::table
        .filter(grievance_steps::grievance_id.eq(id))
        .order(grievance_steps::number)
        .select(GrievanceStepRow::as_select())
        .load(c)
        .await
}

/// Conditions of a list of grievances; `None` means any.
#[derive(Debug, Default)]
pub struct GrievanceQuery {
    pub user: Option<UserId>,
    pub status: Option<GrievanceStatus>,
    pub assigned_to: Option<UserId>,
    pub order: SortOrder,
    /// The last grievance of the previous page.
    pub after: Option<GrievanceId>,
}

/// Lists grievances by id.
pub async fn list(c: &mut DbConnection, conditions: &GrievanceQuery, limit: i64) -> QueryResult<Vec<Grievance>> {
    let query = grievances::table.select(Grievance::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, conditions.order, grievances::id, conditions.after);
    if let Some(user) = conditions.user {
        query = query.filter(grievances::user_id.eq(user));
    }
    if let Some(status) = conditions.status {
        query = query.filter(grievances::status.eq(status));
    }
    if let Some(staff) = conditions.assigned_to {
        query = query.filter(grievances::assigned_to.eq(Some(staff)));
    }
    query.load(c).await
}

/// Lists a page of the register: grievances that were filed within a time, by time and id.
pub async fn list_register(
    c: &mut DbConnection,
    (from, until): (Option<Timestamp>, Option<Timestamp>),
    after: Option<(Timestamp, GrievanceId)>,
    limit: i64,
) -> QueryResult<Vec<Grievance>> {
    let mut query = grievances::table.select(Grievance::as_select()).limit(limit).into_boxed::<db::MultiBackend>();
    if let Some(from) = from {
        query = query.filter(grievances::filed_at.ge(from));
    }
    if let Some(until) = until {
        query = query.filter(grievances::filed_at.le(until));
    }
    keyset!(query, SortOrder::Ascending, (grievances::filed_at, grievances::id), after).load(c).await
}

/// Lists grievances whose deadline has passed, oldest deadline first.
pub async fn list_due(c: &mut DbConnection, now: Timestamp, limit: i64) -> QueryResult<Vec<GrievanceId>> {
    grievances::table
        .filter(grievances::escalates_at.le(now))
        .order((grievances::escalates_at, grievances::id))
        .limit(limit)
        .select(grievances::id)
        .load(c)
        .await
}

/// Times at which grievances of a status were filed, in the order of their ids.
pub async fn list_filing_times(
    c: &mut DbConnection,
    status: GrievanceStatus,
    limit: i64,
) -> QueryResult<Vec<Timestamp>> {
    let query = grievances::table.filter(grievances::status.eq(status)).order(grievances::id).limit(limit);
    query.select(grievances::filed_at).load(c).await
}
