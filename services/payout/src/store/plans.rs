//! Table of published versions of the compensation plan. Version 1 is built in and has no row.

use crate::schema::plan_versions;
use db::{AnyOfExt, DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// Version number, start of validity and the plan as JSON.
pub type PlanRow = (i64, Timestamp, String);

/// Inserts a version. Returns false if it is stored already.
pub async fn insert(c: &mut DbConnection, (version, effective_from, plan_json): &PlanRow) -> QueryResult<bool> {
    let row = diesel::insert_into(plan_versions::table).values((
        plan_versions::version.eq(version),
        plan_versions::effective_from.eq(effective_from),
        plan_versions::plan_json.eq(plan_json),
    ));
    inserted(row.execute(c).await)
}

/// Lists the stored version numbers, oldest first.
pub async fn list_versions(c: &mut DbConnection) -> QueryResult<Vec<i64>> {
    plan_versions::table.order(plan_versions::version).select(plan_versions::version).load(c).await
}

/// Lists the rows of these versions, oldest first.
pub async fn list(c: &mut DbConnection, versions: &[i64]) -> QueryResult<Vec<PlanRow>> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = plan_versions::table.filter(plan_versions::version.any_of(versions));
    wanted.order(plan_versions::version).load(c).await
}
