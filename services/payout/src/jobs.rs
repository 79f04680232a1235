//! Scheduled jobs of the payout service: expiry of pending payouts.

use crate::app::expire;
use runtime::Ctx;
use runtime::jobs::{Job, JobError};
use std::time::Duration;

const MAX_BATCH_PAYOUTS: i64 = 100;
const EXPIRY_INTERVAL: Duration = Duration::from_secs(600);

/// All jobs. `days` is how long a payout may stay pending; `None` disables expiry.
pub(crate) fn all(days: Option<i64>) -> Vec<Job> {
    vec![Job::every("expire", EXPIRY_INTERVAL, move |ctx| expire_undecided(ctx, days))]
}

async fn expire_undecided(ctx: Ctx, days: Option<i64>) -> Result<(), JobError> {
    let Some(days) = days else { return Ok(()) };
    let before = ctx.now().plus_hours(-24 * days);
    loop {
        let expired = expire::list_undecided(&mut *ctx.db().read().await?, before, MAX_BATCH_PAYOUTS).await?;
        for id in &expired {
            let now = ctx.now();
            ctx.tx(async |c| expire::expire(c, *id, days, now).await).await?;
        }
        if i64::try_from(expired.len()) != Ok(MAX_BATCH_PAYOUTS) {
            return Ok(());
        }
    }
}
