//! Queries of the table `plan_versions`: published compensation plans. Version 1, the seed, is not stored.

use crate::schema::plan_versions;
use db::{Count, DbConnection, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{StoredPlan, Timestamp};

/// A published plan version.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = plan_versions, treat_none_as_default_value = false)]
pub struct PlanVersionRow {
    pub version: Count,
    pub effective_from: Timestamp,
    /// The plan as JSON.
    pub plan: String,
}

/// The published version in force at `at`.
pub async fn find_in_force(c: &mut DbConnection, at: Timestamp) -> QueryResult<Option<StoredPlan>> {
    plan_versions::table
        .filter(plan_versions::effective_from.le(at))
        .order((plan_versions::effective_from.desc(), plan_versions::version.desc()))
        .select((plan_versions::version, plan_versions::effective_from, plan_versions::plan))
        .first(c)
        .await
        .optional()
}

/// All published versions, the latest effective time first.
pub async fn list_all(c: &mut DbConnection) -> QueryResult<Vec<StoredPlan>> {
    plan_versions::table
        .order((plan_versions::effective_from.desc(), plan_versions::version.desc()))
        .select((plan_versions::version, plan_versions::effective_from, plan_versions::plan))
        .load(c)
        .await
}

/// Inserts the versions that are not stored already.
pub async fn insert_all_if_absent(c: &mut DbConnection, rows: Vec<PlanVersionRow>) -> QueryResult<()> {
    upsert_many(c, plan_versions::table, rows, &[plan_versions::version::NAME], &[]).await
}
