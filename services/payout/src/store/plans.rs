//! Published versions of the compensation plan. Version 1 is known from the start and is no row.

use crate::schema::plan_versions;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// Version, since when, and the plan as JSON.
pub type PlanRow = (i64, Timestamp, String);

pub async fn insert(c: &mut DbConnection, (version, effective_from, plan_json): &PlanRow) -> QueryResult<bool> {
    let row = diesel::insert_into(plan_versions::table).values((
        plan_versions::version.eq(version),
        plan_versions::effective_from.eq(effective_from),
        plan_versions::plan_json.eq(plan_json),
    ));
    inserted(row.execute(c).await)
}

/// Every version, oldest first.
pub async fn list(c: &mut DbConnection) -> QueryResult<Vec<PlanRow>> {
    plan_versions::table.order(plan_versions::version).load(c).await
}
