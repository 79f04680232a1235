//! The payout terms of the compensation plan in force.

use crate::error::PayoutError;
use crate::store::plans;
use db::DbConnection;
use domain::plan::PayoutTerms;
use domain::{Plan, PlanBook, PlanVersion, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// The published plan versions, parsed once. A version never changes, so a look at which there are keeps it current in
/// every process.
#[derive(Debug, Default)]
pub struct PlanCache(Mutex<Option<Arc<Known>>>);

#[derive(Debug)]
struct Known {
    /// Those in the database, oldest first.
    versions: Vec<i64>,
    book: PlanBook,
}

impl PlanCache {
    /// The terms at `now`, and the version of the plan they are of.
    pub async fn terms_at(&self, c: &mut DbConnection, now: Timestamp) -> Result<(u32, PayoutTerms), PayoutError> {
        let versions = plans::versions(c).await?;
        let known = match self.known().filter(|known| known.versions == versions) {
            Some(known) => known,
            None => self.read(c, versions).await?,
        };
        let found = known.book.in_force(now)?;
        Ok((found.version, found.plan.payout.clone()))
    }

    fn known(&self) -> Option<Arc<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read(&self, c: &mut DbConnection, versions: Vec<i64>) -> Result<Arc<Known>, PayoutError> {
        let mut book = self.known().map_or_else(PlanBook::seed, |known| known.book.clone());
        let is_new = |version: &i64| u32::try_from(*version).is_ok_and(|version| book.get(version).is_none());
        let missing: Vec<i64> = versions.iter().copied().filter(is_new).collect();
        for (version, effective_from, json) in plans::of(c, &missing).await? {
            let plan: Plan = serde_json::from_str(&json).map_err(PayoutError::StoredPlan)?;
            book.publish(PlanVersion { version: u32::try_from(version).unwrap_or(u32::MAX), effective_from, plan })?;
        }
        let known = Arc::new(Known { versions, book });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&known));
        Ok(known)
    }
}
