//! Published versions of the compensation plan. The first, the seed, is known from the code.

use crate::schema::plan_versions;
use db::{DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

/// The number and the JSON of the published version in force at `at`, if one was published for then.
pub async fn in_force(c: &mut DbConnection, at: Timestamp) -> QueryResult<Option<(i64, String)>> {
    plan_versions::table
        .filter(plan_versions::effective_from.le(at))
        .order((plan_versions::effective_from.desc(), plan_versions::version.desc()))
        .select((plan_versions::version, plan_versions::plan))
        .first(c)
        .await
        .optional()
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = plan_versions, check_for_backend(db::MultiBackend))]
pub struct Published {
    pub version: i64,
    pub effective_from: Timestamp,
    /// Its JSON.
    pub plan: String,
}

/// All published versions, the last one to be in force first.
pub async fn all(c: &mut DbConnection) -> QueryResult<Vec<Published>> {
    plan_versions::table
        .order((plan_versions::effective_from.desc(), plan_versions::version.desc()))
        .select(Published::as_select())
        .load(c)
        .await
}

/// Keeps a version; one that is kept already stays as it is.
pub async fn keep(c: &mut DbConnection, version: i64, effective_from: Timestamp, plan: &str) -> QueryResult<()> {
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
