//! Placements in the binary tree, and pairs.

use super::rollups::{self, deserialization_error};
use crate::domain::filter::ReportFilters;
use crate::domain::rollup::{RollupKind, Sums};
use crate::domain::{PairStatus, fact};
use crate::schema::{members, pair_facts, placements};
use db::{AnyOfExt, DbConnection, MultiBackend, sum_i64};
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, Side, UserId};

domain::id_type! { PairId }

/// A member's placement in the binary tree.
#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = placements, treat_none_as_default_value = false)]
pub struct Placement {
    pub user_id: UserId,
    pub side: Side,
    /// Whether an administrator placed the member.
    pub manual: bool,
    pub placed_on: Day,
    /// Levels below the root of the tree.
    pub depth: Option<i64>,
}

/// An outcome of a pair. A matched pair that was voided later has two.
#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = pair_facts, treat_none_as_default_value = false)]
pub struct PairFact {
    pub pair_id: PairId,
    pub fact: PairStatus,
    pub earner_id: UserId,
    pub gross_paise: Money,
    pub emi_deduction_paise: Money,
    pub happened_on: Day,
    pub left_user_id: Option<UserId>,
    pub right_user_id: Option<UserId>,
    pub plan_version: Option<i64>,
}

/// Stores the placements that are new and returns them.
pub async fn insert_new_placements(c: &mut DbConnection, rows: &[Placement]) -> QueryResult<Vec<Placement>> {
    insert_new!(c, rows, placements by user_id)
}

/// Stores the pair outcomes that are new and returns them.
pub async fn insert_new_pairs(c: &mut DbConnection, rows: &[PairFact]) -> QueryResult<Vec<PairFact>> {
    insert_new!(c, rows, pair_facts by pair_id, fact)
}

/// Whether a member is placed.
pub async fn is_placed(c: &mut DbConnection, user: UserId) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(placements::table.find(user))).get_result(c).await
}

/// Counts an earner's pairs by outcome.
pub async fn count_pairs(c: &mut DbConnection, earner: UserId) -> QueryResult<Vec<(PairStatus, i64)>> {
    pair_facts::table
        .filter(pair_facts::earner_id.eq(earner))
        .group_by(pair_facts::fact)
        .select((pair_facts::fact, count_star()))
        .load(c)
        .await
}

/// Lists per day of a range whether the placement was manual, and the count of placements.
pub async fn placed_per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<(Day, bool, i64)>> {
    if let Some(city) = &filters.city {
        use placements as t;
        let placed = members::table.filter(members::user_id.eq(t::user_id));
        return t::table
            .filter(t::placed_on.between(from, to))
            .filter(exists(placed.filter(members::city.eq(city))))
            .group_by((t::placed_on, t::manual))
            .select((t::placed_on, t::manual, count_star()))
            .load(c)
            .await;
    }
    let days = rollups::load_per_day(c, RollupKind::Placement, from, to).await?;
    Ok(days.into_iter().map(|(day, part, sums)| (day, part == fact::MANUAL, sums.facts)).collect())
}

/// Day, outcome, count, gross and EMI deduction of pairs.
pub type PairsPerDay = (Day, PairStatus, i64, Money, Money);

/// Lists count, gross and EMI deduction of the pairs per day of a range and outcome.
pub async fn per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<PairsPerDay>> {
    if !filters.is_empty() {
        return facts_per_day(c, (from, to), filters).await;
    }
    let days = rollups::load_per_day(c, RollupKind::Pair, from, to).await?;
    let figure = |(day, part, sums): (Day, String, Sums)| {
        let [gross, emi_deduction, ..] = sums.amounts();
        Ok((day, part.parse().map_err(deserialization_error)?, sums.facts, gross, emi_deduction))
    };
    days.into_iter().map(figure).collect()
}

/// Day, outcome, count and nullable SQL sums of pairs.
type PairSums = (Day, PairStatus, i64, Option<Money>, Option<Money>);

async fn facts_per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<PairsPerDay>> {
    use pair_facts as t;
    let mut query = t::table
        .filter(t::happened_on.between(from, to))
        .group_by((t::happened_on, t::fact))
        .select((t::happened_on, t::fact, count_star(), sum_i64(t::gross_paise), sum_i64(t::emi_deduction_paise)))
        .into_boxed::<MultiBackend>();
    if let Some(version) = filters.plan_version {
        query = query.filter(t::plan_version.eq(Some(version)));
    }
    if let Some(city) = &filters.city {
        let earner = members::table.filter(members::user_id.eq(t::earner_id));
        query = query.filter(exists(earner.filter(members::city.eq(city))));
    }
    let rows: Vec<PairSums> = query.load(c).await?;
    let amounts = |(day, fact, count, gross, emi): PairSums| {
        (day, fact, count, gross.unwrap_or_default(), emi.unwrap_or_default())
    };
    Ok(rows.into_iter().map(amounts).collect())
}
