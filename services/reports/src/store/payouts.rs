//! Payouts, each in its latest version, and all their steps.

use super::Replaced;
use super::rollups::{self, deserialization_error};
use crate::domain::PayoutStatus;
use crate::domain::filter::ReportFilters;
use crate::domain::rollup::{RollupKind, Sums};
use crate::schema::{members, payout_steps, payouts};
use db::{AnyOfExt, DbConnection, MultiBackend, sum_i64};
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, PayoutId, UserId};

/// A payout in its latest version.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
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
    /// `None` in a row of an older version.
    pub requested_on: Option<Day>,
    /// The bank's number of the transfer; empty before it, and in a row of an older version.
    pub utr: String,
}

/// A payout as staff find it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payouts, check_for_backend(db::MultiBackend))]
pub struct PaidPayout {
    pub payout_id: PayoutId,
    pub user_id: UserId,
    pub utr: String,
    pub net_paise: Money,
}

/// A status that a payout reached.
#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = payout_steps, treat_none_as_default_value = false)]
pub struct PayoutStep {
    pub payout_id: PayoutId,
    pub status: PayoutStatus,
    pub requested_paise: Money,
    pub tds_paise: Money,
    pub emi_paise: Money,
    pub net_paise: Money,
    pub happened_on: Day,
}

/// Stores the payouts that are new or of a higher version, and returns each with the row it replaced.
pub async fn upsert(c: &mut DbConnection, rows: &[Payout]) -> QueryResult<Vec<Replaced<Payout>>> {
    upsert_newer!(
        c, rows, Payout of payouts by payout_id,
        set user_id, status, requested_paise, tds_paise, emi_paise, net_paise, requested_on, utr
    )
}

searched_rows!(PaidPayout of payouts by payout_id: PayoutId);

/// Stores the steps that are new and returns them.
pub async fn insert_new_steps(c: &mut DbConnection, rows: &[PayoutStep]) -> QueryResult<Vec<PayoutStep>> {
    insert_new!(c, rows, payout_steps by payout_id, status)
}

/// Counts a member's payouts by status.
pub async fn count_by_status(c: &mut DbConnection, user: UserId) -> QueryResult<Vec<(PayoutStatus, i64)>> {
    payouts::table
        .filter(payouts::user_id.eq(user))
        .group_by(payouts::status)
        .select((payouts::status, count_star()))
        .load(c)
        .await
}

/// Steps of payouts to one status on one day.
#[derive(Debug)]
pub struct PayoutStepsPerDay {
    pub day: Day,
    pub status: PayoutStatus,
    pub count: i64,
    pub requested: Money,
    pub tds: Money,
    pub emi: Money,
    pub net: Money,
}

/// Lists the steps of payouts per day of a range and resulting status.
pub async fn per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<PayoutStepsPerDay>> {
    if !filters.is_empty() {
        return facts_per_day(c, (from, to), filters).await;
    }
    let days = rollups::load_per_day(c, RollupKind::PayoutStep, from, to).await?;
    let figure = |(day, part, sums): (Day, String, Sums)| {
        let [requested, tds, emi, net, _] = sums.amounts();
        let status = part.parse().map_err(deserialization_error)?;
        Ok(PayoutStepsPerDay { day, status, count: sums.facts, requested, tds, emi, net })
    };
    days.into_iter().map(figure).collect()
}

type StepSums = (Day, PayoutStatus, i64, Option<Money>, Option<Money>, Option<Money>, Option<Money>);

async fn facts_per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<PayoutStepsPerDay>> {
    use payout_steps as t;
    let mut query = t::table
        .filter(t::happened_on.between(from, to))
        .group_by((t::happened_on, t::status))
        .select((
            t::happened_on,
            t::status,
            count_star(),
            sum_i64(t::requested_paise),
            sum_i64(t::tds_paise),
            sum_i64(t::emi_paise),
            sum_i64(t::net_paise),
        ))
        .into_boxed::<MultiBackend>();
    if let Some(status) = filters.payout_status {
        let payout = payouts::table.filter(payouts::payout_id.eq(t::payout_id));
        query = query.filter(exists(payout.filter(payouts::status.eq(status))));
    }
    if let Some(city) = &filters.city {
        let owner = members::table.on(members::user_id.eq(payouts::user_id));
        let payout = payouts::table.inner_join(owner).filter(payouts::payout_id.eq(t::payout_id));
        query = query.filter(exists(payout.filter(members::city.eq(city))));
    }
    let rows: Vec<StepSums> = query.load(c).await?;
    let sums = |(day, status, count, requested, tds, emi, net): StepSums| {
        let [requested, tds, emi, net] = [requested, tds, emi, net].map(Option::unwrap_or_default);
        PayoutStepsPerDay { day, status, count, requested, tds, emi, net }
    };
    Ok(rows.into_iter().map(sums).collect())
}
