//! What runs on a schedule: a request that nobody decides ends, and the wallet's hold with it.

use crate::app::withdraw;
use chassis::Ctx;
use chassis::events::HandleError;
use chassis::jobs::Job;
use std::time::Duration;

const BATCH: i64 = 100;

/// `days`: how long a payout may be pending; none: for ever.
pub(crate) fn all(days: Option<i64>) -> Vec<Job> {
    vec![Job::every("expire", Duration::from_secs(600), move |ctx| expire(ctx, days))]
}

async fn expire(ctx: Ctx, days: Option<i64>) -> Result<(), HandleError> {
    let Some(days) = days else { return Ok(()) };
    let before = ctx.now().plus_hours(-24 * days);
    loop {
        let late = withdraw::undecided(&mut *ctx.db().read().await?, before, BATCH).await?;
        for id in &late {
            let now = ctx.now();
            ctx.tx(async |c| withdraw::expire(c, *id, days, now).await).await?;
        }
        if i64::try_from(late.len()).unwrap_or(i64::MAX) < BATCH {
            return Ok(());
        }
    }
}
