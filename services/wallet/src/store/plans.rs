//! Versions of the compensation plan, stored to explain amounts.

use crate::schema::{plan_locks, plan_versions};
use db::{AnyOfExt, BackendKind, DbConnection, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use std::collections::BTreeSet;

/// A version of the plan.
#[derive(Insertable)]
#[diesel(table_name = plan_versions, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct PlanVersionRow {
    pub version: i64,
    pub effective_from: Timestamp,
    /// As JSON.
    pub plan: String,
}

/// Adds versions; those that are stored already stay as they are.
pub async fn insert_absent(c: &mut DbConnection, rows: Vec<PlanVersionRow>) -> QueryResult<()> {
    upsert_many(c, plan_versions::table, rows, &["version"], &[]).await
}

#[derive(Insertable)]
#[diesel(table_name = plan_locks, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct PlanLockRow {
    version: i64,
}

/// Locks versions until the transaction ends, stored or not. Does nothing on SQLite, where write transactions run one
/// at a time.
pub async fn lock(c: &mut DbConnection, versions: &BTreeSet<u32>) -> QueryResult<()> {
    if c.kind() == BackendKind::Sqlite {
        return Ok(());
    }
    let rows: Vec<PlanLockRow> = versions.iter().map(|version| PlanLockRow { version: i64::from(*version) }).collect();
    // The attempt to insert a row that exists locks it.
    upsert_many(c, plan_locks::table, rows, &["version"], &[]).await
}

/// Finds which of these versions are stored.
pub async fn find_known(c: &mut DbConnection, versions: &[i64]) -> QueryResult<Vec<i64>> {
    plan_versions::table.filter(plan_versions::version.any_of(versions)).select(plan_versions::version).load(c).await
}

/// Finds the plan of a version, as JSON.
pub async fn find_json(c: &mut DbConnection, version: i64) -> QueryResult<Option<String>> {
    plan_versions::table.find(version).select(plan_versions::plan).first(c).await.optional()
}
