//! Table of approvals: who approved which payout.

use crate::schema::approvals;
use db::{AnyOfExt, DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{PayoutId, Timestamp, UserId};

/// One person's approval of a payout.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = approvals, check_for_backend(db::MultiBackend))]
pub struct Approval {
    pub payout_id: PayoutId,
    pub approver_id: UserId,
    pub approved_at: Timestamp,
}

/// Inserts an approval. Returns false if this person has approved before.
pub async fn insert(c: &mut DbConnection, approval: &Approval) -> QueryResult<bool> {
    inserted(diesel::insert_into(approvals::table).values(approval).execute(c).await)
}

/// Lists the approvals of `payouts`, oldest first.
pub async fn list(c: &mut DbConnection, payouts: &[PayoutId]) -> QueryResult<Vec<Approval>> {
    if payouts.is_empty() {
        return Ok(Vec::new());
    }
    approvals::table
        .filter(approvals::payout_id.any_of(payouts))
        .order((approvals::approved_at, approvals::approver_id))
        .select(Approval::as_select())
        .load(c)
        .await
}
