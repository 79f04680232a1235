//! Versions of the compensation plan, kept to explain amounts by.

use crate::schema::{plan_locks, plan_versions};
use db::{AnyOfExt, BackendKind, DbConnection, inserted, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use std::collections::BTreeSet;

/// Keeps a version; one that is there already stays as it is.
pub async fn keep(c: &mut DbConnection, version: u32, effective_from: Timestamp, plan: &str) -> QueryResult<()> {
    let row = (
        plan_versions::version.eq(i64::from(version)),
        plan_versions::effective_from.eq(effective_from),
        plan_versions::plan.eq(plan),
    );
    inserted(diesel::insert_into(plan_versions::table).values(row).execute(c).await).map(drop)
}

#[derive(Insertable)]
#[diesel(table_name = plan_locks, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct Lock {
    version: i64,
}

/// Locks versions until the transaction ends, whether they are known or not. Transactions on SQLite take turns as it is.
pub async fn lock(c: &mut DbConnection, versions: &BTreeSet<u32>) -> QueryResult<()> {
    if c.kind() == BackendKind::Sqlite {
        return Ok(());
    }
    let rows: Vec<Lock> = versions.iter().map(|version| Lock { version: i64::from(*version) }).collect();
    // A row that is there already is locked by the attempt to insert it.
    upsert_many(c, plan_locks::table, rows, &["version"], &[]).await
}

/// Of these versions, those that are known.
pub async fn known(c: &mut DbConnection, versions: &[i64]) -> QueryResult<Vec<i64>> {
    plan_versions::table.filter(plan_versions::version.any_of(versions)).select(plan_versions::version).load(c).await
}

/// The version's plan as JSON.
pub async fn find(c: &mut DbConnection, version: i64) -> QueryResult<Option<String>> {
    plan_versions::table.find(version).select(plan_versions::plan).first(c).await.optional()
}
