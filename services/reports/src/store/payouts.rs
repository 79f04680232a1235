//! Payouts, as payout last told, and every step they took.

use crate::domain::PayoutStatus;
use crate::schema::{payout_steps, payouts};
use db::{DbConnection, LockExt, sum_i64, upsert_many};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, PayoutId, UserId};

#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = payouts, treat_none_as_default_value = false)]
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

pub async fn put(c: &mut DbConnection, rows: &[Payout]) -> QueryResult<()> {
    keep_highest!(
        c, rows, payouts by payout_id,
        set user_id, status, requested_paise, tds_paise, emi_paise, net_paise
    )
}

pub async fn add_steps(c: &mut DbConnection, rows: &[Step]) -> QueryResult<()> {
    upsert_many(
        c,
        payout_steps::table,
        rows.to_vec(),
        &[payout_steps::payout_id::NAME, payout_steps::status::NAME],
        &[],
    )
    .await
}

pub type ByStatus = (PayoutStatus, i64, Option<Money>, Option<Money>);

/// How many, how much was asked for and what tax that carried, by status; of one member or of everybody.
pub async fn by_status(c: &mut DbConnection, user: Option<UserId>) -> QueryResult<Vec<ByStatus>> {
    let mut query = payouts::table
        .group_by(payouts::status)
        .select((payouts::status, count_star(), sum_i64(payouts::requested_paise), sum_i64(payouts::tds_paise)))
        .into_boxed::<db::MultiBackend>();
    if let Some(user) = user {
        query = query.filter(payouts::user_id.eq(user));
    }
    query.load(c).await
}

#[derive(Debug, Queryable)]
pub struct Daily {
    pub day: Day,
    pub status: PayoutStatus,
    pub count: i64,
    pub requested: Option<Money>,
    pub tds: Option<Money>,
    pub emi: Option<Money>,
    pub net: Option<Money>,
}

/// The steps taken on each day of a range, by the status they led to.
pub async fn daily(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<Daily>> {
    payout_steps::table
        .filter(payout_steps::happened_on.between(from, to))
        .group_by((payout_steps::happened_on, payout_steps::status))
        .select((
            payout_steps::happened_on,
            payout_steps::status,
            count_star(),
            sum_i64(payout_steps::requested_paise),
            sum_i64(payout_steps::tds_paise),
            sum_i64(payout_steps::emi_paise),
            sum_i64(payout_steps::net_paise),
        ))
        .load(c)
        .await
}
