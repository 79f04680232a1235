//! Rebuild of the search's documents, a transaction a step.

use crate::app::rebuild_search::{self, Step};
use db::{Db, DbError};
use domain::Timestamp;

/// Builds all documents of the search again and returns how many there are. Each instance then builds its index.
pub async fn rebuild(db: &Db, now: Timestamp) -> Result<u64, DbError> {
    let mut rebuild = db.tx(async |c| rebuild_search::begin(c).await.map_err(DbError::from)).await?;
    loop {
        match db.tx(async |c| rebuild_search::advance(c, rebuild, now).await.map_err(DbError::from)).await? {
            Step::Next(next) => rebuild = next,
            Step::Done(count) => return Ok(count),
        }
    }
}

/// Builds the documents unless they are built.
pub(crate) async fn rebuild_if_missing(db: &Db, now: Timestamp) -> Result<(), DbError> {
    if rebuild_search::is_missing(&mut *db.read().await?).await? {
        rebuild(db, now).await?;
    }
    Ok(())
}
