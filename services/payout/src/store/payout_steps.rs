//! Table of payout steps: each state that a payout reached.

use crate::domain::payout::PayoutStatus;
use crate::schema::payout_steps;
use db::{DbConnection, Version, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{PayoutId, Timestamp, UserId};

/// A state that a payout reached.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payout_steps, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct PayoutStep {
    pub payout_id: PayoutId,
    /// Version of the payout in this state.
    pub version: Version,
    pub status: PayoutStatus,
    pub reached_at: Timestamp,
    /// The person whose action moved the payout; `None` for the wallet, a job, and payouts older than this table.
    pub moved_by: Option<UserId>,
}

/// Inserts steps.
pub async fn insert(c: &mut DbConnection, steps: &[PayoutStep]) -> QueryResult<()> {
    insert_many(c, payout_steps::table, steps).await.map(drop)
}

/// Lists the steps of a payout, oldest first.
pub async fn list(c: &mut DbConnection, payout: PayoutId) -> QueryResult<Vec<PayoutStep>> {
    payout_steps::table
        .filter(payout_steps::payout_id.eq(payout))
        .order(payout_steps::version)
        .select(PayoutStep::as_select())
        .load(c)
        .await
}
