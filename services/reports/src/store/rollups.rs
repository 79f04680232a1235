//! Running sums of the facts, and their rebuilding from the facts.

use crate::domain::rollup::{MEASURES, Noun, RollupKey, Rollups, Sums};
use crate::schema::{rollup_state, rollups};
use db::{AnyOfExt, DbConnection, LockExt, UpsertExt, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, MoneyError};
use std::collections::{BTreeMap, BTreeSet};

const STATE_ID: i64 = 1;
/// How the sum of all days is marked in the column `day`.
const ALL_DAYS: &str = "";

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = rollups, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct Row {
    noun: Noun,
    day: String,
    part: String,
    facts: i64,
    measure_1: i64,
    measure_2: i64,
    measure_3: i64,
    measure_4: i64,
    measure_5: i64,
}

impl Row {
    fn new(key: &RollupKey, sums: Sums) -> Self {
        let Sums { facts, measures: [measure_1, measure_2, measure_3, measure_4, measure_5] } = sums;
        let (noun, day, part) = (key.noun, column_of(key.day), key.part.clone());
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
            day => Some(day.parse().map_err(unreadable)?),
        };
        Ok(RollupKey { noun: self.noun, day, part: self.part.clone() })
    }
}

fn column_of(day: Option<Day>) -> String {
    day.map_or_else(|| ALL_DAYS.to_owned(), |day| day.to_string())
}

/// A stored word that this version does not know.
pub(super) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(Box::new(error))
}

/// Makes everybody wait who changes facts or rollups, until the transaction ends. Returns the version of the code that
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

pub async fn set_version(c: &mut DbConnection, version: i64) -> QueryResult<()> {
    use rollup_state as t;
    diesel::update(t::table.find(STATE_ID)).set(t::version.eq(version)).execute(c).await.map(drop)
}

/// Adds `changes` to what is stored. Under [`lock`].
pub async fn add(c: &mut DbConnection, changes: &Rollups) -> QueryResult<()> {
    use rollups as t;
    let (mut nouns, mut days, mut parts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (key, _) in changes.changes() {
        nouns.insert(key.noun);
        days.insert(column_of(key.day));
        parts.insert(key.part.clone());
    }
    if nouns.is_empty() {
        return Ok(());
    }
    // A few more than those that change: three lists are one index range each.
    let (nouns, days, parts) = (list(nouns), list(days), list(parts));
    let query = t::table.filter(t::noun.any_of(&nouns)).filter(t::day.any_of(&days)).filter(t::part.any_of(&parts));
    let mut stored = BTreeMap::new();
    for row in query.select(Row::as_select()).load::<Row>(c).await? {
        stored.insert(row.key()?, row.sums());
    }
    let mut rows = Vec::new();
    for (key, sums) in changes.changes() {
        let sums = stored.get(key).copied().unwrap_or_default().plus(sums).map_err(unreadable)?;
        rows.push(Row::new(key, sums));
    }
    put(c, rows).await
}

fn list<T: Ord>(set: BTreeSet<T>) -> Vec<T> {
    set.into_iter().collect()
}

async fn put(c: &mut DbConnection, rows: Vec<Row>) -> QueryResult<()> {
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

/// Makes what is stored equal to `rebuilt`, and returns how many sums were not. Under [`lock`].
pub async fn replace(c: &mut DbConnection, rebuilt: &Rollups) -> QueryResult<usize> {
    let mut wrong = Vec::new();
    let mut stored = BTreeMap::new();
    for row in rollups::table.select(Row::as_select()).load::<Row>(c).await? {
        stored.insert(row.key()?, row.sums());
    }
    for (key, sums) in &stored {
        if rebuilt.get(key) != *sums {
            wrong.push(Row::new(key, rebuilt.get(key)));
        }
    }
    let missing = rebuilt.changes().filter(|(key, _)| !stored.contains_key(key));
    wrong.extend(missing.map(|(key, sums)| Row::new(key, sums)));
    let count = wrong.len();
    put(c, wrong).await?;
    Ok(count)
}

/// The sums of all days and of `day`, of every noun.
pub async fn totals_and(c: &mut DbConnection, day: Day) -> QueryResult<Vec<(RollupKey, Sums)>> {
    use rollups as t;
    let days = [ALL_DAYS.to_owned(), day.to_string()];
    let query = t::table.filter(t::noun.any_of(Noun::ALL)).filter(t::day.any_of(&days));
    let rows: Vec<Row> = query.select(Row::as_select()).load(c).await?;
    rows.iter().map(|row| Ok((row.key()?, row.sums()))).collect()
}

/// The sums of a noun on each day of a range: day and part.
pub async fn by_day(c: &mut DbConnection, noun: Noun, from: Day, to: Day) -> QueryResult<Vec<(Day, String, Sums)>> {
    use rollups as t;
    let days = t::day.between(from.to_string(), to.to_string());
    let query = t::table.filter(t::noun.eq(noun)).filter(days).order((t::day, t::part));
    let rows: Vec<Row> = query.select(Row::as_select()).load(c).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let sums = row.sums();
        if sums.is_zero() {
            continue;
        }
        found.push((row.day.parse().map_err(unreadable)?, row.part, sums));
    }
    Ok(found)
}

/// The error of a sum that does not fit.
pub fn out_of_range(error: MoneyError) -> diesel::result::Error {
    unreadable(error)
}
