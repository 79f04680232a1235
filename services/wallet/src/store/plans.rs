//! Versions of the compensation plan, kept to explain amounts by.

use crate::schema::plan_versions;
use db::{AnyOfExt, DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// Keeps a version; one that is there already stays as it is.
pub async fn keep(c: &mut DbConnection, version: u32, effective_from: Timestamp, plan: &str) -> QueryResult<()> {
    let row = (
        plan_versions::version.eq(i64::from(version)),
        plan_versions::effective_from.eq(effective_from),
        plan_versions::plan.eq(plan),
    );
    inserted(diesel::insert_into(plan_versions::table).values(row).execute(c).await).map(drop)
}

/// Of these versions, those that are known.
pub async fn known(c: &mut DbConnection, versions: &[i64]) -> QueryResult<Vec<i64>> {
    plan_versions::table.filter(plan_versions::version.any_of(versions)).select(plan_versions::version).load(c).await
}

/// The version's plan as JSON.
pub async fn find(c: &mut DbConnection, version: i64) -> QueryResult<Option<String>> {
    plan_versions::table.find(version).select(plan_versions::plan).first(c).await.optional()
}
