//! Holds for payouts.

use crate::domain::payout::{Hold, HoldState};
use crate::schema::holds;
use db::{AnyOfExt, DbConnection, LockExt, sum_i64, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PayoutId, Timestamp, UserId};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = holds, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct Row {
    payout_id: PayoutId,
    user_id: UserId,
    amount_paise: Money,
    state: HoldState,
    changed_at: Timestamp,
}

pub async fn lock(c: &mut DbConnection, ids: &[PayoutId]) -> QueryResult<Vec<Hold>> {
    let rows: Vec<Row> = holds::table
        .filter(holds::payout_id.any_of(ids))
        .order(holds::payout_id)
        .select(Row::as_select())
        .lock()
        .load(c)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub async fn find(c: &mut DbConnection, id: PayoutId) -> QueryResult<Option<Hold>> {
    let row: Option<Row> = holds::table.find(id).select(Row::as_select()).first(c).await.optional()?;
    Ok(row.map(Into::into))
}

pub async fn save(c: &mut DbConnection, changed: Vec<Hold>) -> QueryResult<()> {
    let row = |h: Hold| Row {
        payout_id: h.payout_id,
        user_id: h.user_id,
        amount_paise: h.amount,
        state: h.state,
        changed_at: h.changed_at,
    };
    upsert_many(c, holds::table, changed.into_iter().map(row), &["payout_id"], &["state", "changed_at"]).await
}

/// Σ of the holds in place, by owner.
pub async fn placed(c: &mut DbConnection, owners: &[UserId]) -> QueryResult<Vec<(UserId, Money)>> {
    let rows: Vec<(UserId, Option<Money>)> = holds::table
        .filter(holds::user_id.any_of(owners))
        .filter(holds::state.eq(HoldState::Placed))
        .group_by(holds::user_id)
        .select((holds::user_id, sum_i64(holds::amount_paise)))
        .load(c)
        .await?;
    Ok(rows.into_iter().map(|(owner, sum)| (owner, sum.unwrap_or_default())).collect())
}

impl From<Row> for Hold {
    fn from(r: Row) -> Self {
        Self {
            payout_id: r.payout_id,
            user_id: r.user_id,
            amount: r.amount_paise,
            state: r.state,
            changed_at: r.changed_at,
        }
    }
}
