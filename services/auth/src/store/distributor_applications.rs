//! Table `distributor_applications`, with the acceptance of terms that each application states.

use super::terms::AcceptanceRow;
use crate::domain::distributor::{AcceptanceId, ApplicationStatus, DistributorApplicationId};
use crate::schema::{distributor_applications as t, terms_acceptances};
use db::{DbConnection, LockExt, SortOrder, inserted, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// An application with its review.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct ApplicationRow {
    pub(crate) id: DistributorApplicationId,
    pub(crate) user_id: UserId,
    pub(crate) status: ApplicationStatus,
    /// The member while the application is pending, else `None`. Unique: one such application per member.
    pub(crate) pending_user_id: Option<UserId>,
    pub(crate) acceptance_id: AcceptanceId,
    pub(crate) reason: Option<String>,
    pub(crate) submitted_at: Timestamp,
    pub(crate) decided_at: Option<Timestamp>,
    /// `None` while it is pending, and for an automatic approval.
    pub(crate) decided_by: Option<UserId>,
}

/// An application and the acceptance that it states.
pub(crate) type Application = (ApplicationRow, AcceptanceRow);

/// Inserts an application; `false` when the member has a pending one.
pub(crate) async fn insert(c: &mut DbConnection, application: &ApplicationRow) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(application).execute(c).await)
}

/// Whether the member has a pending application.
pub(crate) async fn has_pending(c: &mut DbConnection, user: UserId) -> QueryResult<bool> {
    let pending: Option<DistributorApplicationId> =
        t::table.filter(t::pending_user_id.eq(user)).select(t::id).first(c).await.optional()?;
    Ok(pending.is_some())
}

/// Finds an application with its acceptance.
pub(crate) async fn find(c: &mut DbConnection, id: DistributorApplicationId) -> QueryResult<Option<Application>> {
    t::table
        .inner_join(terms_acceptances::table)
        .filter(t::id.eq(id))
        .select((ApplicationRow::as_select(), AcceptanceRow::as_select()))
        .first(c)
        .await
        .optional()
}

/// Finds and locks an application.
pub(crate) async fn lock(c: &mut DbConnection, id: DistributorApplicationId) -> QueryResult<Option<ApplicationRow>> {
    t::table.find(id).select(ApplicationRow::as_select()).lock().get_result(c).await.optional()
}

/// Finds the latest application of a member.
pub(crate) async fn find_latest(c: &mut DbConnection, user: UserId) -> QueryResult<Option<Application>> {
    let query = ApplicationQuery { status: None, user_id: Some(user) };
    Ok(list(c, query, SortOrder::Descending, None, 1).await?.pop())
}

/// Conditions of a list of applications; `None` means any.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ApplicationQuery {
    pub(crate) status: Option<ApplicationStatus>,
    pub(crate) user_id: Option<UserId>,
}

/// Lists the applications that match, by id, starting after the one with the id `after`.
pub(crate) async fn list(
    c: &mut DbConnection,
    conditions: ApplicationQuery,
    order: SortOrder,
    after: Option<DistributorApplicationId>,
    limit: i64,
) -> QueryResult<Vec<Application>> {
    let query = t::table
        .inner_join(terms_acceptances::table)
        .limit(limit)
        .select((ApplicationRow::as_select(), AcceptanceRow::as_select()))
        .into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, order, t::id, after);
    if let Some(status) = conditions.status {
        query = query.filter(t::status.eq(status));
    }
    if let Some(user) = conditions.user_id {
        query = query.filter(t::user_id.eq(user));
    }
    query.load(c).await
}

/// Times of the first `limit` pending applications, oldest first.
pub(crate) async fn list_pending_times(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<Timestamp>> {
    let pending = t::table.filter(t::status.eq(ApplicationStatus::Pending)).order(t::id);
    pending.limit(limit).select(t::submitted_at).load(c).await
}

/// Saves the decision of a review.
pub(crate) async fn save_decision(c: &mut DbConnection, application: &ApplicationRow) -> QueryResult<()> {
    let update = diesel::update(t::table.find(application.id)).set((
        t::status.eq(application.status),
        t::pending_user_id.eq(application.pending_user_id),
        t::reason.eq(application.reason.as_deref()),
        t::decided_at.eq(application.decided_at),
        t::decided_by.eq(application.decided_by),
    ));
    update.execute(c).await.map(drop)
}
