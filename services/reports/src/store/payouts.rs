//! Payouts, as payout last told, and every step they took.

use super::Replaced;
use super::rollups::{self, unreadable};
use crate::domain::PayoutStatus;
use crate::domain::rollup::{Noun, Sums};
use crate::schema::{payout_steps, payouts};
use db::{AnyOfExt, DbConnection};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, PayoutId, UserId};

#[derive(Debug, Clone, Copy, Queryable, Selectable, Insertable)]
#[diesel(table_name = payouts, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Payout {
    pub payout_id: PayoutId,
    pub version: i64,
    pub user_id: UserId,
    pub status: PayoutStatus,
    pub requested_paise: Money,
    pub tds_paise: Money,
    pub emi_paise: Money,
    pub net_paise: Money,
}

#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = payout_steps, treat_none_as_default_value = false)]
pub struct Step {
    pub payout_id: PayoutId,
    pub status: PayoutStatus,
    pub requested_paise: Money,
    pub tds_paise: Money,
    pub emi_paise: Money,
    pub net_paise: Money,
    pub happened_on: Day,
}

pub async fn put(c: &mut DbConnection, rows: &[Payout]) -> QueryResult<Vec<Replaced<Payout>>> {
    keep_highest!(
        c, rows, Payout of payouts by payout_id,
        set user_id, status, requested_paise, tds_paise, emi_paise, net_paise
    )
}

/// Stores those that are new, and returns them.
pub async fn add_steps(c: &mut DbConnection, rows: &[Step]) -> QueryResult<Vec<Step>> {
    add_new!(c, rows, payout_steps by payout_id, status)
}

/// How many a member has by status: their own rows, by an index.
pub async fn by_status(c: &mut DbConnection, user: UserId) -> QueryResult<Vec<(PayoutStatus, i64)>> {
    payouts::table
        .filter(payouts::user_id.eq(user))
        .group_by(payouts::status)
        .select((payouts::status, count_star()))
        .load(c)
        .await
}

#[derive(Debug)]
pub struct Daily {
    pub day: Day,
    pub status: PayoutStatus,
    pub count: i64,
    pub requested: Money,
    pub tds: Money,
    pub emi: Money,
    pub net: Money,
}

/// The steps taken on each day of a range, by the status they led to.
pub async fn daily(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<Daily>> {
    let days = rollups::by_day(c, Noun::PayoutStep, from, to).await?;
    let figure = |(day, part, sums): (Day, String, Sums)| {
        let [requested, tds, emi, net, _] = sums.amounts();
        let status = part.parse().map_err(unreadable)?;
        Ok(Daily { day, status, count: sums.facts, requested, tds, emi, net })
    };
    days.into_iter().map(figure).collect()
}
