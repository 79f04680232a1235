//! Queries of the table `plan_versions`: published compensation plans. Version 1, the seed, is not stored.

use crate::schema::plan_versions;
use db::{DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// The number and the JSON of the published version in force at `at`.
pub async fn find_in_force(c: &mut DbConnection, at: Timestamp) -> QueryResult<Option<(i64, String)>> {
    plan_versions::table
        .filter(plan_versions::effective_from.le(at))
        .order((plan_versions::effective_from.desc(), plan_versions::version.desc()))
        .select((plan_versions::version, plan_versions::plan))
        .first(c)
        .await
        .optional()
}

/// A published plan version.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = plan_versions, check_for_backend(db::MultiBackend))]
pub struct PlanVersionRow {
    pub version: i64,
    pub effective_from: Timestamp,
    /// The plan as JSON.
    pub plan: String,
}

/// All published versions, the latest effective time first.
pub async fn list_all(c: &mut DbConnection) -> QueryResult<Vec<PlanVersionRow>> {
    plan_versions::table
        .order((plan_versions::effective_from.desc(), plan_versions::version.desc()))
        .select(PlanVersionRow::as_select())
        .load(c)
        .await
}

/// Inserts a version unless it is stored already.
pub async fn insert_if_absent(
    c: &mut DbConnection,
    version: i64,
    effective_from: Timestamp,
    plan: &str,
) -> QueryResult<()> {
    diesel::insert_into(plan_versions::table)
        .values((
            plan_versions::version.eq(version),
            plan_versions::effective_from.eq(effective_from),
            plan_versions::plan.eq(plan),
        ))
        .on_conflict_set(&[plan_versions::version::NAME], &[])
        .execute(c)
        .await
        .map(drop)
}
