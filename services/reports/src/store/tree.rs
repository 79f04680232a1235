//! Placements and pairs.

use super::rollups::{self, unreadable};
use crate::domain::rollup::{Noun, Sums};
use crate::domain::{PairFact, fact};
use crate::schema::{pair_facts, placements};
use db::{AnyOfExt, DbConnection};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, Side, UserId};

domain::id_type! { PairId }

#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = placements, treat_none_as_default_value = false)]
pub struct Placement {
    pub user_id: UserId,
    pub side: Side,
    /// By an administrator.
    pub manual: bool,
    pub placed_on: Day,
}

#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = pair_facts, treat_none_as_default_value = false)]
pub struct Pair {
    pub pair_id: PairId,
    pub fact: PairFact,
    pub earner_id: UserId,
    pub gross_paise: Money,
    pub emi_deduction_paise: Money,
    pub happened_on: Day,
}

/// Stores those that are new, and returns them.
pub async fn add_placements(c: &mut DbConnection, rows: &[Placement]) -> QueryResult<Vec<Placement>> {
    add_new!(c, rows, placements by user_id)
}

/// Stores those that are new, and returns them.
pub async fn add_pairs(c: &mut DbConnection, rows: &[Pair]) -> QueryResult<Vec<Pair>> {
    add_new!(c, rows, pair_facts by pair_id, fact)
}

pub async fn is_placed(c: &mut DbConnection, user: UserId) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(placements::table.find(user))).get_result(c).await
}

/// Of one earner: how many pairs were matched, flushed and voided.
pub async fn pairs_of(c: &mut DbConnection, earner: UserId) -> QueryResult<Vec<(PairFact, i64)>> {
    pair_facts::table
        .filter(pair_facts::earner_id.eq(earner))
        .group_by(pair_facts::fact)
        .select((pair_facts::fact, count_star()))
        .load(c)
        .await
}

/// How many were placed on each day of a range, and whether by an administrator.
pub async fn placed(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<(Day, bool, i64)>> {
    let days = rollups::by_day(c, Noun::Placement, from, to).await?;
    Ok(days.into_iter().map(|(day, part, sums)| (day, part == fact::MANUAL, sums.facts)).collect())
}

pub type Daily = (Day, PairFact, i64, Money, Money);

/// What became of pairs on each day of a range: how many, their gross and what of it was put aside for EMI.
pub async fn daily(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<Daily>> {
    let days = rollups::by_day(c, Noun::Pair, from, to).await?;
    let figure = |(day, part, sums): (Day, String, Sums)| {
        let [gross, emi_deduction, ..] = sums.amounts();
        Ok((day, part.parse().map_err(unreadable)?, sums.facts, gross, emi_deduction))
    };
    days.into_iter().map(figure).collect()
}
