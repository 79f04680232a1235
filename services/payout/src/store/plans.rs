//! Table of published versions of the compensation plan. Version 1 is built in and has no row.

use crate::schema::plan_versions;
use db::{AnyOfExt, Count, DbConnection, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{StoredPlan, Timestamp};

/// A version to insert: its number, start of validity and the plan as JSON.
pub type PlanRow = (Count, Timestamp, String);

/// Inserts the versions that are not stored yet; stored ones do not change.
pub async fn insert_new(c: &mut DbConnection, rows: &[PlanRow]) -> QueryResult<()> {
    use plan_versions as t;
    let rows: Vec<_> = rows
        .iter()
        .map(|(version, effective_from, plan_json)| {
            (t::version.eq(version), t::effective_from.eq(effective_from), t::plan_json.eq(plan_json))
        })
        .collect();
    upsert_many(c, t::table, rows, &[t::version::NAME], &[]).await
}

/// Lists the stored version numbers, oldest first.
pub async fn list_versions(c: &mut DbConnection) -> QueryResult<Vec<Count>> {
    plan_versions::table.order(plan_versions::version).select(plan_versions::version).load(c).await
}

/// Lists the rows of these versions, oldest first.
pub async fn list(c: &mut DbConnection, versions: &[Count]) -> QueryResult<Vec<StoredPlan>> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = plan_versions::table.filter(plan_versions::version.any_of(versions));
    wanted.order(plan_versions::version).load(c).await
}
