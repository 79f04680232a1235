//! Scheduled jobs of the payout service: expiry of pending payouts.

use crate::app::end_pending;
use chassis::Ctx;
use chassis::events::HandleError;
use chassis::jobs::Job;
use std::time::Duration;

const MAX_BATCH_PAYOUTS: i64 = 100;
const EXPIRY_INTERVAL: Duration = Duration::from_secs(600);

/// All jobs. `days` is how long a payout may stay pending; `None` disables expiry.
pub(crate) fn all(days: Option<i64>) -> Vec<Job> {
    vec![Job::every("expire", EXPIRY_INTERVAL, move |ctx| expire(ctx, days))]
}

async fn expire(ctx: Ctx, days: Option<i64>) -> Result<(), HandleError> {
    let Some(days) = days else { return Ok(()) };
    let before = ctx.now().plus_hours(-24 * days);
    loop {
        let expired = end_pending::list_undecided(&mut *ctx.db().read().await?, before, MAX_BATCH_PAYOUTS).await?;
        for id in &expired {
            let now = ctx.now();
            ctx.tx(async |c| end_pending::expire(c, *id, days, now).await).await?;
        }
        if i64::try_from(expired.len()).unwrap_or(i64::MAX) < MAX_BATCH_PAYOUTS {
            return Ok(());
        }
    }
}
