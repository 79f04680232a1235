//! Members and staff, each in the latest version.

use super::{Replaced, rollups};
use crate::domain::filter::ReportFilters;
use crate::domain::rollup::RollupKind;
use crate::schema::members;
use db::{AnyOfExt, DbConnection};
use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Role, UserId};

/// A registered user in the latest version.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = members, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Member {
    pub user_id: UserId,
    pub version: i64,
    pub role: Role,
    pub is_active_buyer: bool,
    pub referrer_id: Option<UserId>,
    pub joined_on: Day,
    /// Normalized for comparison; empty where it is not known.
    pub city: String,
    /// Empty in a row of an older version, like the columns below.
    pub name: String,
    /// Empty without one, and when it is erased.
    pub email: String,
    pub mobile: String,
    pub referral_code: String,
}

/// A person as staff find them.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = members, check_for_backend(db::MultiBackend))]
pub struct Person {
    pub user_id: UserId,
    pub name: String,
    pub email: String,
    pub mobile: String,
    pub referral_code: String,
}

/// Stores the users that are new or of a higher version, and returns each with the row it replaced.
pub async fn upsert(c: &mut DbConnection, rows: &[Member]) -> QueryResult<Vec<Replaced<Member>>> {
    upsert_newer!(
        c, rows, Member of members by user_id,
        set role, is_active_buyer, referrer_id, joined_on, city, name, email, mobile, referral_code
    )
}

searched_rows!(Person of members by user_id: UserId);

/// Lists per day of a range the count of members who joined, and of those who were referred.
pub async fn joined_per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<(Day, i64, i64)>> {
    if let Some(city) = &filters.city {
        return members::table
            .filter(members::joined_on.between(from, to))
            .filter(members::role.eq(Role::User))
            .filter(members::city.eq(city))
            .group_by(members::joined_on)
            .select((members::joined_on, count_star(), count(members::referrer_id.nullable())))
            .load(c)
            .await;
    }
    let days = rollups::load_per_day(c, RollupKind::Joined, from, to).await?;
    Ok(days
        .into_iter()
        .map(|(day, _, sums)| {
            let [referred, ..] = sums.measures;
            (day, sums.facts, referred)
        })
        .collect())
}

/// Finds whether a member is an Active Buyer; `None` for an unknown member.
pub async fn find_is_active_buyer(c: &mut DbConnection, user: UserId) -> QueryResult<Option<bool>> {
    members::table.find(user).select(members::is_active_buyer).first(c).await.optional()
}

/// Counts a member's direct referrals, and the Active Buyers among them.
pub async fn count_referrals(c: &mut DbConnection, user: UserId) -> QueryResult<(i64, i64)> {
    let rows: Vec<(bool, i64)> = members::table
        .filter(members::referrer_id.eq(Some(user)))
        .group_by(members::is_active_buyer)
        .select((members::is_active_buyer, count_star()))
        .load(c)
        .await?;
    Ok(rows.iter().fold((0, 0), |(all, active), (is, n)| (all + n, if *is { active + n } else { active })))
}
