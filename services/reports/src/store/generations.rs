//! Sums of pairs by generation.

use super::rollups::{self, deserialization_error, overflow_error};
use super::tree::PairId;
use crate::domain::filter::ReportFilters;
use crate::domain::rollup::RollupKind;
use crate::domain::{PairStatus, generation};
use crate::schema::{members, pair_facts, placements};
use db::{AnyOfExt, DbConnection, MultiBackend};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, UserId};
use std::collections::BTreeMap;

/// Pairs that are read at once.
const MAX_PAGE_ROWS: i64 = 1_000;

#[derive(Debug, Clone, Copy, Queryable)]
struct PairRow {
    pair_id: PairId,
    earner_id: UserId,
    left_user_id: Option<UserId>,
    right_user_id: Option<UserId>,
    gross: Money,
}

/// Count and gross of pairs by generation (`None` where it is not known) and outcome.
pub type GenerationSums = BTreeMap<(Option<i64>, PairStatus), (i64, Money)>;

/// Sums the pairs of a range of days. Reads them in pages, so that its memory does not grow with the range.
pub async fn sums(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<GenerationSums> {
    let mut sums = GenerationSums::new();
    for (day, part, _) in rollups::load_per_day(c, RollupKind::Pair, from, to).await? {
        let fact: PairStatus = part.parse().map_err(deserialization_error)?;
        let mut after = None;
        loop {
            let pairs = list(c, day, fact, after, filters).await?;
            let Some(last) = pairs.last() else { break };
            after = Some(last.pair_id);
            let depths = load_depths(c, &pairs).await?;
            for pair in &pairs {
                let depth = |user: Option<UserId>| depths.get(&user?).copied().flatten();
                let (left, right) = (depth(pair.left_user_id), depth(pair.right_user_id));
                let generation = generation::of_pair(depth(Some(pair.earner_id)), left, right);
                let generation = generation.map(|generation| generation.min(generation::MAX_GENERATION + 1));
                let (count, gross) = sums.entry((generation, fact)).or_default();
                *count += 1;
                *gross = gross.add(pair.gross).map_err(overflow_error)?;
            }
        }
    }
    Ok(sums)
}

async fn list(
    c: &mut DbConnection,
    day: Day,
    fact: PairStatus,
    after: Option<PairId>,
    filters: &ReportFilters,
) -> QueryResult<Vec<PairRow>> {
    use pair_facts as t;
    let mut query = t::table
        .filter(t::happened_on.eq(day))
        .filter(t::fact.eq(fact))
        .order(t::pair_id)
        .limit(MAX_PAGE_ROWS)
        .select((t::pair_id, t::earner_id, t::left_user_id, t::right_user_id, t::gross_paise))
        .into_boxed::<MultiBackend>();
    if let Some(after) = after {
        query = query.filter(t::pair_id.gt(after));
    }
    if let Some(version) = filters.plan_version {
        query = query.filter(t::plan_version.eq(Some(version)));
    }
    if let Some(city) = &filters.city {
        let earner = members::table.filter(members::user_id.eq(t::earner_id));
        query = query.filter(exists(earner.filter(members::city.eq(city))));
    }
    query.load(c).await
}

async fn load_depths(c: &mut DbConnection, pairs: &[PairRow]) -> QueryResult<BTreeMap<UserId, Option<i64>>> {
    let mut users: Vec<UserId> =
        pairs.iter().flat_map(|pair| [Some(pair.earner_id), pair.left_user_id, pair.right_user_id]).flatten().collect();
    users.sort_unstable();
    users.dedup();
    let placed = placements::table.filter(placements::user_id.any_of(&users));
    let rows: Vec<(UserId, Option<i64>)> = placed.select((placements::user_id, placements::depth)).load(c).await?;
    Ok(rows.into_iter().collect())
}
