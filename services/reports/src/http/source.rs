//! Connections of a report, and the time up to which the events that it reads are applied.

use crate::domain::fact::Source;
use crate::store::applied_sources;
use db::{LongRead, PooledConnection};
use domain::Timestamp;
use http_api::{Problem, long_read};
use runtime::Ctx;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Connections for the parts of a report.
pub(super) enum Reader {
    /// For what a few rollups answer.
    Replica(Ctx),
    /// For files, and for what is read from the facts.
    Long(LongRead),
}

impl Reader {
    /// 429 when `is_long` and no slot for a long read is free.
    pub(super) async fn new(ctx: &Ctx, is_long: bool) -> Result<Self, Problem> {
        if is_long {
            return Ok(Self::Long(long_read(ctx.db(), Duration::ZERO).await?));
        }
        Ok(Self::Replica(ctx.clone()))
    }

    /// A connection for the next part.
    pub(super) async fn connection(&self) -> Result<PooledConnection, Problem> {
        Ok(match self {
            Self::Replica(ctx) => ctx.db().replica().await?,
            Self::Long(slot) => slot.connection().await?,
        })
    }

    /// How far the events of `sources` are applied. Read it before the figures, which are then never older.
    pub(super) async fn as_of(&self, sources: &[Source]) -> Result<AsOf, Problem> {
        let until = applied_sources::load(&mut *self.connection().await?).await?;
        let sources: BTreeMap<&'static str, Timestamp> =
            sources.iter().filter_map(|source| Some((source.as_str(), *until.get(source)?))).collect();
        Ok(AsOf { as_of: sources.values().max().copied(), sources })
    }
}

/// How far the events are applied.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(super) struct AsOf {
    /// Time of the newest event that the figures contain; null before the first. A service that published nothing since
    /// is complete, too.
    pub(super) as_of: Option<Timestamp>,
    /// The same for each service whose events the figures come from.
    sources: BTreeMap<&'static str, Timestamp>,
}
