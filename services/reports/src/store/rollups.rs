//! Stored rollups: their lock, update, replacement and queries.

use crate::domain::rollup::{MEASURES, RollupKey, RollupKind, Rollups, Sums};
use crate::schema::{rollup_state, rollups};
use db::{AnyOfExt, DbConnection, LockExt, UpsertExt, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, MoneyError};
use std::collections::{BTreeMap, BTreeSet};

const STATE_ID: i64 = 1;
/// Value of the column `day` for a rollup over all days.
const ALL_DAYS: &str = "";

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = rollups, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct RollupRow {
    noun: RollupKind,
    day: String,
    part: String,
    facts: i64,
    measure_1: i64,
    measure_2: i64,
    measure_3: i64,
    measure_4: i64,
    measure_5: i64,
}

impl RollupRow {
    fn new(key: &RollupKey, sums: Sums) -> Self {
        let Sums { facts, measures: [measure_1, measure_2, measure_3, measure_4, measure_5] } = sums;
        let (noun, day, part) = (key.kind, day_column(key.day), key.part.clone());
        Self { noun, day, part, facts, measure_1, measure_2, measure_3, measure_4, measure_5 }
    }

    fn sums(&self) -> Sums {
        let measures: [i64; MEASURES] =
            [self.measure_1, self.measure_2, self.measure_3, self.measure_4, self.measure_5];
        Sums { facts: self.facts, measures }
    }

    fn key(&self) -> QueryResult<RollupKey> {
        let day = match self.day.as_str() {
            ALL_DAYS => None,
            day => Some(day.parse().map_err(deserialization_error)?),
        };
        Ok(RollupKey { kind: self.noun, day, part: self.part.clone() })
    }
}

fn day_column(day: Option<Day>) -> String {
    day.map_or_else(|| ALL_DAYS.to_owned(), |day| day.to_string())
}

/// Error of a stored value that this version cannot parse.
pub(super) fn deserialization_error(error: impl std::error::Error + Send + Sync + 'static) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(Box::new(error))
}

/// Locks facts and rollups against other writers until the transaction ends. Returns the version of the rules that
/// built the rollups, 0 for none.
pub async fn lock(c: &mut DbConnection) -> QueryResult<i64> {
    use rollup_state as t;
    let state = || t::table.find(STATE_ID).select(t::version).lock();
    if let Some(version) = state().get_result(c).await.optional()? {
        return Ok(version);
    }
    let first = diesel::insert_into(t::table).values((t::id.eq(STATE_ID), t::version.eq(0)));
    first.on_conflict_set(&[t::id::NAME], &[]).execute(c).await?;
    state().get_result(c).await
}

/// Stores the version of the rules that built the rollups.
pub async fn set_version(c: &mut DbConnection, version: i64) -> QueryResult<()> {
    use rollup_state as t;
    diesel::update(t::table.find(STATE_ID)).set(t::version.eq(version)).execute(c).await.map(drop)
}

/// Adds `changes` to the stored rollups. Requires [`lock`].
pub async fn add(c: &mut DbConnection, changes: &Rollups) -> QueryResult<()> {
    use rollups as t;
    let (mut kinds, mut days, mut parts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (key, _) in changes.changes() {
        kinds.insert(key.kind);
        days.insert(day_column(key.day));
        parts.insert(key.part.clone());
    }
    if kinds.is_empty() {
        return Ok(());
    }
    // Loads a few rollups more than those that change, so that the query is one range of the index per list.
    let (kinds, days, parts) = (to_vec(kinds), to_vec(days), to_vec(parts));
    let query = t::table.filter(t::noun.any_of(&kinds)).filter(t::day.any_of(&days)).filter(t::part.any_of(&parts));
    let mut stored = BTreeMap::new();
    for row in query.select(RollupRow::as_select()).load::<RollupRow>(c).await? {
        stored.insert(row.key()?, row.sums());
    }
    let mut rows = Vec::new();
    for (key, sums) in changes.changes() {
        let sums = stored.get(key).copied().unwrap_or_default().plus(sums).map_err(deserialization_error)?;
        rows.push(RollupRow::new(key, sums));
    }
    upsert(c, rows).await
}

fn to_vec<T: Ord>(set: BTreeSet<T>) -> Vec<T> {
    set.into_iter().collect()
}

async fn upsert(c: &mut DbConnection, rows: Vec<RollupRow>) -> QueryResult<()> {
    use rollups as t;
    let columns = &[
        t::facts::NAME,
        t::measure_1::NAME,
        t::measure_2::NAME,
        t::measure_3::NAME,
        t::measure_4::NAME,
        t::measure_5::NAME,
    ];
    upsert_many(c, t::table, rows, &[t::noun::NAME, t::day::NAME, t::part::NAME], columns).await
}

/// Sets the stored rollups to `rebuilt` and returns how many differed. Requires [`lock`].
pub async fn replace(c: &mut DbConnection, rebuilt: &Rollups) -> QueryResult<usize> {
    let mut wrong = Vec::new();
    let mut stored = BTreeMap::new();
    for row in rollups::table.select(RollupRow::as_select()).load::<RollupRow>(c).await? {
        stored.insert(row.key()?, row.sums());
    }
    for (key, sums) in &stored {
        if rebuilt.get(key) != *sums {
            wrong.push(RollupRow::new(key, rebuilt.get(key)));
        }
    }
    let missing = rebuilt.changes().filter(|(key, _)| !stored.contains_key(key));
    wrong.extend(missing.map(|(key, sums)| RollupRow::new(key, sums)));
    let count = wrong.len();
    upsert(c, wrong).await?;
    Ok(count)
}

/// Loads the rollups over all days and those of `day`, of every kind.
pub async fn load_totals_and_day(c: &mut DbConnection, day: Day) -> QueryResult<Vec<(RollupKey, Sums)>> {
    use rollups as t;
    let days = [ALL_DAYS.to_owned(), day.to_string()];
    let query = t::table.filter(t::noun.any_of(RollupKind::ALL)).filter(t::day.any_of(&days));
    let rows: Vec<RollupRow> = query.select(RollupRow::as_select()).load(c).await?;
    rows.iter().map(|row| Ok((row.key()?, row.sums()))).collect()
}

/// Loads the rollups of a kind per day of a range and part; skips those that are zero.
pub async fn load_per_day(
    c: &mut DbConnection,
    kind: RollupKind,
    from: Day,
    to: Day,
) -> QueryResult<Vec<(Day, String, Sums)>> {
    use rollups as t;
    let days = t::day.between(from.to_string(), to.to_string());
    let query = t::table.filter(t::noun.eq(kind)).filter(days).order((t::day, t::part));
    parse_days(query.select(RollupRow::as_select()).load(c).await?)
}

/// Loads the rollups of a kind of all days, per day and part; skips those that are zero.
pub async fn load_all_days(c: &mut DbConnection, kind: RollupKind) -> QueryResult<Vec<(Day, String, Sums)>> {
    use rollups as t;
    let query = t::table.filter(t::noun.eq(kind)).filter(t::day.gt(ALL_DAYS)).order((t::day, t::part));
    parse_days(query.select(RollupRow::as_select()).load(c).await?)
}

fn parse_days(rows: Vec<RollupRow>) -> QueryResult<Vec<(Day, String, Sums)>> {
    let mut per_day = Vec::with_capacity(rows.len());
    for row in rows {
        let sums = row.sums();
        if !sums.is_zero() {
            per_day.push((row.day.parse().map_err(deserialization_error)?, row.part, sums));
        }
    }
    Ok(per_day)
}

/// Error of a sum that overflows.
pub fn overflow_error(error: MoneyError) -> diesel::result::Error {
    deserialization_error(error)
}
