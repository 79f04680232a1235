//! Placements and pairs.

use crate::domain::PairFact;
use crate::schema::{pair_facts, placements};
use db::{DbConnection, sum_i64, upsert_many};
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

pub async fn add_placements(c: &mut DbConnection, rows: &[Placement]) -> QueryResult<()> {
    upsert_many(c, placements::table, rows.to_vec(), &[placements::user_id::NAME], &[]).await
}

pub async fn add_pairs(c: &mut DbConnection, rows: &[Pair]) -> QueryResult<()> {
    upsert_many(c, pair_facts::table, rows.to_vec(), &[pair_facts::pair_id::NAME, pair_facts::fact::NAME], &[]).await
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
    placements::table
        .filter(placements::placed_on.between(from, to))
        .group_by((placements::placed_on, placements::manual))
        .select((placements::placed_on, placements::manual, count_star()))
        .load(c)
        .await
}

pub type Daily = (Day, PairFact, i64, Option<Money>, Option<Money>);

/// What became of pairs on each day of a range: how many, their gross and what of it was put aside for EMI.
pub async fn daily(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<Daily>> {
    pair_facts::table
        .filter(pair_facts::happened_on.between(from, to))
        .group_by((pair_facts::happened_on, pair_facts::fact))
        .select((
            pair_facts::happened_on,
            pair_facts::fact,
            count_star(),
            sum_i64(pair_facts::gross_paise),
            sum_i64(pair_facts::emi_deduction_paise),
        ))
        .load(c)
        .await
}
