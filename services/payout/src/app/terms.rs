//! Payout terms of the compensation plan in force.

use crate::error::PayoutError;
use crate::store::plans;
use db::DbConnection;
use domain::plan::PayoutTerms;
use domain::{Plan, PlanHistory, PlanVersion, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

/// Cache of the published plan versions, parsed once a process. A version never changes, so comparing version numbers
/// with the database keeps the cache current.
#[derive(Debug, Default)]
pub struct PlanCache(Mutex<Option<Arc<LoadedPlans>>>);

#[derive(Debug)]
struct LoadedPlans {
    /// Version numbers in the database, oldest first.
    versions: Vec<i64>,
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn load_missing(&self, c: &mut DbConnection, versions: Vec<i64>) -> Result<Arc<LoadedPlans>, PayoutError> {
        let mut history = self.loaded().map_or_else(PlanHistory::seed, |loaded| loaded.history.clone());
        let is_new = |version: &i64| u32::try_from(*version).is_ok_and(|version| history.get(version).is_none());
        let missing: Vec<i64> = versions.iter().copied().filter(is_new).collect();
        for (version, effective_from, json) in plans::list(c, &missing).await? {
            let plan: Plan = serde_json::from_str(&json).map_err(PayoutError::StoredPlan)?;
            history.publish(PlanVersion {
                version: u32::try_from(version).unwrap_or(u32::MAX),
                effective_from,
                plan,
            })?;
        }
        let loaded = Arc::new(LoadedPlans { versions, history });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&loaded));
        Ok(loaded)
    }
}
