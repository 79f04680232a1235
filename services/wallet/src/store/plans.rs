//! Versions of the compensation plan, stored to explain amounts.

use crate::schema::{plan_locks, plan_versions};
use db::{AnyOfExt, BackendKind, Count, DbConnection, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{StoredPlan, Timestamp};
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
pub async fn find_known(c: &mut DbConnection, versions: &BTreeSet<u32>) -> QueryResult<BTreeSet<u32>> {
    let wide: Vec<i64> = versions.iter().copied().map(i64::from).collect();
    let known = plan_versions::table.filter(plan_versions::version.any_of(&wide)).select(plan_versions::version);
    Ok(known.load::<Count>(c).await?.into_iter().map(Count::get).collect())
}

/// Finds a version.
pub async fn find(c: &mut DbConnection, version: u32) -> QueryResult<Option<StoredPlan>> {
    plan_versions::table
        .find(i64::from(version))
        .select((plan_versions::version, plan_versions::effective_from, plan_versions::plan))
        .first(c)
        .await
        .optional()
}
