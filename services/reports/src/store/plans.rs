//! Published and withdrawn versions of the compensation plan. Version 1, the seed, is not stored.

use crate::schema::{plan_versions, plan_withdrawals};
use db::{Count, DbConnection, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{StoredPlan, Timestamp};

/// Stores the versions that are not stored yet.
pub async fn insert_new(c: &mut DbConnection, plans: &[StoredPlan]) -> QueryResult<()> {
    use plan_versions as t;
    let rows = plans.iter().map(|StoredPlan { version, effective_from, json }| {
        (t::version.eq(version), t::effective_from.eq(effective_from), t::plan.eq(json))
    });
    upsert_many(c, t::table, rows, &[t::version::NAME], &[]).await
}

/// Stores the withdrawals that are not stored yet. A version may be withdrawn before it is stored.
pub async fn insert_new_withdrawals(c: &mut DbConnection, versions: &[Count]) -> QueryResult<()> {
    use plan_withdrawals as t;
    let rows = versions.iter().map(|version| t::version.eq(version));
    upsert_many(c, t::table, rows, &[t::version::NAME], &[]).await
}

/// Finds the version in force at `at`: of those that have begun and are not withdrawn, the one with the highest number.
pub async fn find_in_force(c: &mut DbConnection, at: Timestamp) -> QueryResult<Option<StoredPlan>> {
    plan_versions::table
        .filter(plan_versions::effective_from.le(at))
        .filter(plan_versions::version.ne_all(plan_withdrawals::table.select(plan_withdrawals::version)))
        .order(plan_versions::version.desc())
        .first(c)
        .await
        .optional()
}
