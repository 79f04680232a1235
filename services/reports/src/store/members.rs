//! Who there is, as auth last told.

use super::{Replaced, rollups};
use crate::domain::rollup::Noun;
use crate::schema::members;
use db::{AnyOfExt, DbConnection};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Role, UserId};

#[derive(Debug, Clone, Copy, Queryable, Selectable, Insertable)]
#[diesel(table_name = members, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Member {
    pub user_id: UserId,
    pub version: i64,
    pub role: Role,
    pub is_active_buyer: bool,
    pub referrer_id: Option<UserId>,
    pub joined_on: Day,
}

pub async fn put(c: &mut DbConnection, rows: &[Member]) -> QueryResult<Vec<Replaced<Member>>> {
    keep_highest!(c, rows, Member of members by user_id, set role, is_active_buyer, referrer_id, joined_on)
}

/// How many joined on each day of a range, in all and by a member's code.
pub async fn joined(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<(Day, i64, i64)>> {
    let days = rollups::by_day(c, Noun::Joined, from, to).await?;
    Ok(days
        .into_iter()
        .map(|(day, _, sums)| {
            let [referred, ..] = sums.measures;
            (day, sums.facts, referred)
        })
        .collect())
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
