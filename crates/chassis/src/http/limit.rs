//! How often one identifier may do something: so many times in a window that begins with the first.

use super::Problem;
use crate::cache::Cache;
use std::time::Duration;

/// Counts one more use of `key`, or refuses with 429 and `Retry-After` once it was used `max` times in `window`.
///
/// Begin `key` with the service's name: the cache is shared. A refused use does not make the window longer.
///
/// With the cache away every use is admitted: a limit protects against nuisance, and whatever must never
/// happen twice is decided in a database. The gateway's own limits per address still hold then.
pub async fn allow(cache: &dyn Cache, key: &str, max: u64, window: Duration) -> Result<(), Problem> {
    let uses = match cache.increment(key, window).await {
        Ok(uses) => uses,
        Err(error) => {
            tracing::warn!(%error, "a limit is not kept: the cache is away");
            return Ok(());
        }
    };
    if uses <= max {
        return Ok(());
    }
    let left = cache.ttl(key).await.ok().flatten().unwrap_or(window);
    Err(Problem::too_many("request.too_often", "too many tries; wait a little", whole_secs(left)))
}

/// Rounded up, so that whoever waits as told is let in.
fn whole_secs(left: Duration) -> u64 {
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}
