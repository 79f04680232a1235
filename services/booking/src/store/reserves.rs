//! Queries of the table `emi_reserves`: money that wallet set aside for members' EMI.

use crate::schema::emi_reserves;
use db::{AnyOfExt, DbConnection, LockExt, insert_many, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, ReserveId, Timestamp, UserId};
use std::collections::BTreeSet;

/// An EMI reserve.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = emi_reserves, primary_key(reserve_id))]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Reserve {
    pub reserve_id: ReserveId,
    pub user_id: UserId,
    pub amount_paise: Money,
    /// The part that is not allocated yet: `amount = waiting + applied + released`.
    pub waiting_paise: Money,
    pub applied_paise: Money,
    pub released_paise: Money,
    pub source_kind: String,
    pub source_id: Vec<u8>,
    pub reserved_at: Timestamp,
}

/// Inserts a reserve. False when it is stored already.
pub async fn insert(c: &mut DbConnection, reserve: &Reserve) -> QueryResult<bool> {
    inserted(diesel::insert_into(emi_reserves::table).values(reserve).execute(c).await)
}

/// Inserts several reserves. Errors when one of them is stored already.
pub async fn insert_all(c: &mut DbConnection, reserves: Vec<Reserve>) -> QueryResult<()> {
    insert_many(c, emi_reserves::table, reserves).await.map(drop)
}

/// Saves a reserve.
pub async fn save(c: &mut DbConnection, reserve: &Reserve) -> QueryResult<()> {
    diesel::update(emi_reserves::table.find(reserve.reserve_id)).set(reserve).execute(c).await.map(drop)
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
