//! Payouts, each in its latest version, and all their steps.

use super::Replaced;
use super::rollups::{self, deserialization_error};
use crate::domain::PayoutStatus;
use crate::domain::rollup::{RollupKind, Sums};
use crate::schema::{payout_steps, payouts};
use db::{AnyOfExt, DbConnection};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, PayoutId, UserId};

/// A payout in its latest version.
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
        set user_id, status, requested_paise, tds_paise, emi_paise, net_paise
    )
}

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
pub async fn per_day(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<PayoutStepsPerDay>> {
    let days = rollups::load_per_day(c, RollupKind::PayoutStep, from, to).await?;
    let figure = |(day, part, sums): (Day, String, Sums)| {
        let [requested, tds, emi, net, _] = sums.amounts();
        let status = part.parse().map_err(deserialization_error)?;
        Ok(PayoutStepsPerDay { day, status, count: sums.facts, requested, tds, emi, net })
    };
    days.into_iter().map(figure).collect()
}
