//! What runs on a schedule: a request that nobody decides ends, and the wallet's hold with it.

use crate::app::withdraw;
use crate::error::PayoutError;
use crate::store::payouts;
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
    let reason = &format!("nobody decided within {days} days; ask again if you still want it");
    loop {
        let late = payouts::pending_since(&mut *ctx.db().read().await?, before, BATCH).await?;
        for id in &late {
            let now = ctx.now();
            match ctx.tx(async |c| withdraw::reject(c, *id, reason, now).await).await {
                // Somebody decided in the meantime.
                Ok(_) | Err(PayoutError::Step(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if i64::try_from(late.len()).unwrap_or(i64::MAX) < BATCH {
            return Ok(());
        }
    }
}
