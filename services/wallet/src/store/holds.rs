//! Holds for payouts.

use crate::domain::hold::{Hold, HoldState};
use crate::schema::holds;
use db::{AnyOfExt, DbConnection, LockExt, sum_i64, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PayoutId, Timestamp, UserId};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = holds, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct HoldRow {
    payout_id: PayoutId,
    user_id: UserId,
    amount_paise: Money,
    state: HoldState,
    changed_at: Timestamp,
}

/// Locks the holds of these payouts, in the order of their ids.
pub async fn lock(c: &mut DbConnection, ids: &[PayoutId]) -> QueryResult<Vec<Hold>> {
    let rows: Vec<HoldRow> = holds::table
        .filter(holds::payout_id.any_of(ids))
        .order(holds::payout_id)
        .select(HoldRow::as_select())
        .lock()
        .load(c)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Finds the hold of a payout.
pub async fn find(c: &mut DbConnection, id: PayoutId) -> QueryResult<Option<Hold>> {
    let row: Option<HoldRow> = holds::table.find(id).select(HoldRow::as_select()).first(c).await.optional()?;
    Ok(row.map(Into::into))
}

/// Saves new or changed holds. Of a stored hold only the state changes.
pub async fn save(c: &mut DbConnection, changed: Vec<Hold>) -> QueryResult<()> {
    let row = |h: Hold| HoldRow {
        payout_id: h.payout_id,
        user_id: h.user_id,
        amount_paise: h.amount,
        state: h.state,
        changed_at: h.changed_at,
    };
    upsert_many(c, holds::table, changed.into_iter().map(row), &["payout_id"], &["state", "changed_at"]).await
}

/// Sums of the placed holds, by owner.
pub async fn sum_placed(c: &mut DbConnection, owners: &[UserId]) -> QueryResult<Vec<(UserId, Money)>> {
    let rows: Vec<(UserId, Option<Money>)> = holds::table
        .filter(holds::user_id.any_of(owners))
        .filter(holds::state.eq(HoldState::Placed))
        .group_by(holds::user_id)
        .select((holds::user_id, sum_i64(holds::amount_paise)))
        .load(c)
        .await?;
    Ok(rows.into_iter().map(|(owner, sum)| (owner, sum.unwrap_or_default())).collect())
}

impl From<HoldRow> for Hold {
    fn from(r: HoldRow) -> Self {
        Self {
            payout_id: r.payout_id,
            user_id: r.user_id,
            amount: r.amount_paise,
            state: r.state,
            changed_at: r.changed_at,
        }
    }
}
