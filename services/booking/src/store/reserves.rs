//! Queries of the table `emi_reserves`: money that wallet set aside for members' EMI.

use crate::domain::aggregate::Reserve;
use crate::schema::emi_reserves;
use db::{AnyOfExt, DbConnection, LockExt, insert_many, inserted, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, ReserveId, Timestamp, UserId};
use std::collections::BTreeSet;

row!(ReserveRow of Reserve in emi_reserves key(reserve_id) {
    fixed {
        reserve_id: ReserveId,
        user_id: UserId,
        amount_paise: Money,
        source_kind: String,
        source_id: Vec<u8>,
        reserved_at: Timestamp,
    }
    changing {
        waiting_paise: Money,
        applied_paise: Money,
        released_paise: Money,
    }
});

/// Inserts a reserve. False when it is stored already.
pub async fn insert(c: &mut DbConnection, reserve: &Reserve) -> QueryResult<bool> {
    inserted(diesel::insert_into(emi_reserves::table).values(ReserveRow::from(reserve)).execute(c).await)
}

/// Inserts several reserves. Errors when one of them is stored already.
pub async fn insert_all(c: &mut DbConnection, reserves: &[Reserve]) -> QueryResult<()> {
    insert_many(c, emi_reserves::table, reserves.iter().map(ReserveRow::from)).await.map(drop)
}

/// Saves existing reserves.
pub async fn save_all(c: &mut DbConnection, reserves: &[Reserve]) -> QueryResult<()> {
    let rows = reserves.iter().map(ReserveRow::from);
    upsert_many(c, emi_reserves::table, rows, ReserveRow::KEY, ReserveRow::CHANGING).await
}

/// The stored reserves among `ids`.
pub async fn find_known(c: &mut DbConnection, ids: &[ReserveId]) -> QueryResult<BTreeSet<ReserveId>> {
    let known = emi_reserves::table.filter(emi_reserves::reserve_id.any_of(ids));
    let known: Vec<ReserveId> = known.select(emi_reserves::reserve_id).load(c).await?;
    Ok(known.into_iter().collect())
}

/// The members among `users` who have a waiting reserve.
pub async fn find_waiting_owners(c: &mut DbConnection, users: &[UserId]) -> QueryResult<BTreeSet<UserId>> {
    let waiting = emi_reserves::table
        .filter(emi_reserves::user_id.any_of(users))
        .filter(emi_reserves::waiting_paise.gt(Money::ZERO));
    let owners: Vec<UserId> = waiting.select(emi_reserves::user_id).load(c).await?;
    Ok(owners.into_iter().collect())
}

/// Locks a member's waiting reserves, oldest first.
pub async fn lock_waiting_for_member(c: &mut DbConnection, user_id: UserId) -> QueryResult<Vec<Reserve>> {
    emi_reserves::table
        .filter(emi_reserves::user_id.eq(user_id))
        .filter(emi_reserves::waiting_paise.gt(Money::ZERO))
        .order((emi_reserves::reserved_at, emi_reserves::reserve_id))
        .select(Reserve::as_select())
        .lock()
        .get_results(c)
        .await
}
