//! Published versions of the compensation plan, and their withdrawals.

use crate::schema::{plan_versions, plan_withdrawals};
use db::{AnyOfExt, DbConnection};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// One published version.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = plan_versions, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct PlanRow {
    pub version: i64,
    pub effective_from: Timestamp,
    /// JSON form of `domain::Plan`.
    pub plan: String,
    pub published_by: UserId,
    pub published_at: Timestamp,
}

/// The withdrawal of a version.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = plan_withdrawals, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct WithdrawalRow {
    pub version: i64,
    pub withdrawn_by: UserId,
    pub withdrawn_at: Timestamp,
}

/// One version; `None` when it does not exist.
pub async fn find(c: &mut DbConnection, version: i64) -> QueryResult<Option<PlanRow>> {
    plan_versions::table.find(version).select(PlanRow::as_select()).first(c).await.optional()
}

/// The known ones of these versions.
pub async fn find_all(c: &mut DbConnection, versions: &[i64]) -> QueryResult<Vec<PlanRow>> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let rows = plan_versions::table.filter(plan_versions::version.any_of(versions));
    rows.select(PlanRow::as_select()).load(c).await
}

/// All versions, oldest first.
pub async fn list_all(c: &mut DbConnection) -> QueryResult<Vec<PlanRow>> {
    plan_versions::table.order(plan_versions::version).select(PlanRow::as_select()).load(c).await
}

/// Inserts a new version.
pub async fn insert(c: &mut DbConnection, row: &PlanRow) -> QueryResult<()> {
    diesel::insert_into(plan_versions::table).values(row).execute(c).await.map(drop)
}

/// The withdrawals of these versions.
pub async fn find_withdrawals(c: &mut DbConnection, versions: &[i64]) -> QueryResult<Vec<WithdrawalRow>> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let rows = plan_withdrawals::table.filter(plan_withdrawals::version.any_of(versions));
    rows.select(WithdrawalRow::as_select()).load(c).await
}

/// All withdrawals, by version.
pub async fn list_withdrawals(c: &mut DbConnection) -> QueryResult<Vec<WithdrawalRow>> {
    plan_withdrawals::table.order(plan_withdrawals::version).select(WithdrawalRow::as_select()).load(c).await
}

/// Inserts a withdrawal.
pub async fn insert_withdrawal(c: &mut DbConnection, row: &WithdrawalRow) -> QueryResult<()> {
    diesel::insert_into(plan_withdrawals::table).values(row).execute(c).await.map(drop)
}
