//! Payout terms of the compensation plan in force.

use crate::error::PayoutError;
use crate::store::plans;
use db::{Count, DbConnection};
use domain::plan::PayoutTerms;
use domain::{PlanHistory, Timestamp};
use parking_lot::Mutex;
use std::sync::Arc;

/// Cache of the published plan versions, parsed once a process. A version never changes, so comparing version numbers
/// with the database keeps the cache current.
#[derive(Debug, Default)]
pub struct PlanCache(Mutex<Option<Arc<LoadedPlans>>>);

#[derive(Debug)]
struct LoadedPlans {
    /// Version numbers in the database, oldest first.
    versions: Vec<Count>,
    history: PlanHistory,
}

impl PlanCache {
    /// Loads the payout terms in force at `now` and the number of their plan version.
    pub async fn terms_at(&self, c: &mut DbConnection, now: Timestamp) -> Result<(u32, PayoutTerms), PayoutError> {
        let versions = plans::list_versions(c).await?;
        let loaded = match self.loaded().filter(|loaded| loaded.versions == versions) {
            Some(loaded) => loaded,
            None => self.load_missing(c, versions).await?,
        };
        let in_force = loaded.history.in_force(now)?;
        Ok((in_force.version, in_force.plan.payout.clone()))
    }

    fn loaded(&self) -> Option<Arc<LoadedPlans>> {
        self.0.lock().clone()
    }

    async fn load_missing(&self, c: &mut DbConnection, versions: Vec<Count>) -> Result<Arc<LoadedPlans>, PayoutError> {
        let mut history = self.loaded().map_or_else(PlanHistory::seed, |loaded| loaded.history.clone());
        let missing = versions.iter().copied().filter(|version| history.get(version.get()).is_none());
        let missing: Vec<Count> = missing.collect();
        history.add_stored(plans::list(c, &missing).await?)?;
        let loaded = Arc::new(LoadedPlans { versions, history });
        *self.0.lock() = Some(Arc::clone(&loaded));
        Ok(loaded)
    }
}
