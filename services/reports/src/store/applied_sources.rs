//! Times up to which the events of each service are applied.

use crate::domain::fact::Source;
use crate::schema::applied_sources;
use db::{DbConnection, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use std::collections::BTreeMap;

/// Time of the newest applied event of each service that has one.
pub type AppliedUntil = BTreeMap<Source, Timestamp>;

/// Loads them.
pub async fn load(c: &mut DbConnection) -> QueryResult<AppliedUntil> {
    use applied_sources as t;
    let rows: Vec<(Source, Timestamp)> =
        t::table.filter(t::source.eq_any(Source::ALL)).select((t::source, t::applied_until)).load(c).await?;
    Ok(rows.into_iter().collect())
}

/// Records that the facts contain events until these times. An earlier time changes nothing. Requires the lock of the
/// rollups.
pub async fn advance(c: &mut DbConnection, until: &AppliedUntil) -> QueryResult<()> {
    use applied_sources as t;
    let known = load(c).await?;
    let is_later = |(source, at): &(&Source, &Timestamp)| known.get(source).is_none_or(|known| known < at);
    let later = until.iter().filter(is_later).map(|(source, at)| (t::source.eq(*source), t::applied_until.eq(*at)));
    upsert_many(c, t::table, later, &[t::source::NAME], &[t::applied_until::NAME]).await
}
