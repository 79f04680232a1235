//! Who there is, as auth last told.

use crate::schema::members;
use db::{DbConnection, LockExt};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Role, UserId};

#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = members, treat_none_as_default_value = false)]
pub struct Member {
    pub user_id: UserId,
    pub version: i64,
    pub role: Role,
    pub is_active_buyer: bool,
    pub referrer_id: Option<UserId>,
    pub joined_on: Day,
}

pub async fn put(c: &mut DbConnection, rows: &[Member]) -> QueryResult<()> {
    keep_highest!(c, rows, members by user_id, set role, is_active_buyer, referrer_id, joined_on)
}

/// Members (people whose role is `user`), and the Active Buyers among them.
pub async fn count(c: &mut DbConnection) -> QueryResult<(i64, i64)> {
    let rows: Vec<(bool, i64)> = members::table
        .filter(members::role.eq(Role::User))
        .group_by(members::is_active_buyer)
        .select((members::is_active_buyer, count_star()))
        .load(c)
        .await?;
    Ok(rows.iter().fold((0, 0), |(all, active), (is, n)| (all + n, if *is { active + n } else { active })))
}

/// How many joined on each day of a range, in all and by a member's code.
pub async fn joined(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<(Day, i64, i64)>> {
    let referred = members::referrer_id.nullable();
    members::table
        .filter(members::role.eq(Role::User))
        .filter(members::joined_on.between(from, to))
        .group_by(members::joined_on)
        .select((members::joined_on, count_star(), diesel::dsl::count(referred)))
        .load(c)
        .await
}

pub async fn is_active_buyer(c: &mut DbConnection, user: UserId) -> QueryResult<bool> {
    let flag = members::table.find(user).select(members::is_active_buyer);
    Ok(flag.first(c).await.optional()?.unwrap_or(false))
}

/// Those a member referred, and the Active Buyers among them.
pub async fn referred_by(c: &mut DbConnection, user: UserId) -> QueryResult<(i64, i64)> {
    let rows: Vec<(bool, i64)> = members::table
        .filter(members::referrer_id.eq(Some(user)))
        .group_by(members::is_active_buyer)
        .select((members::is_active_buyer, count_star()))
        .load(c)
        .await?;
    Ok(rows.iter().fold((0, 0), |(all, active), (is, n)| (all + n, if *is { active + n } else { active })))
}
