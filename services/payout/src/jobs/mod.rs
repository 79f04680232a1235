//! Scheduled jobs of the payout service: expiry of pending payouts, the age of those that wait, and transfers by the bank's
//! API.

mod transfers;

use crate::PayoutState;
use crate::app::{expire, waiting};
use runtime::Ctx;
use runtime::jobs::{Job, JobError};
use runtime::telemetry::gauge_value;
use std::time::Duration;

const MAX_BATCH_PAYOUTS: i64 = 100;
const EXPIRY_INTERVAL: Duration = Duration::from_secs(600);

const TRANSFER_INTERVAL: Duration = Duration::from_secs(15);

/// All jobs. `days` is how long a payout may stay pending; `None` disables expiry.
pub(crate) fn all(state: &PayoutState, days: Option<i64>) -> Vec<Job> {
    let state = state.clone();
    vec![
        Job::every("expire", EXPIRY_INTERVAL, move |ctx| expire_undecided(ctx, days)),
        Job::every("waiting", Duration::from_secs(60), report_waiting),
        Job::every("transfers", TRANSFER_INTERVAL, move |_| transfers::run(state.clone())),
    ]
}

/// Reports how long the oldest payout has waited in each state that an operator ends.
async fn report_waiting(ctx: Ctx) -> Result<(), JobError> {
    let ages = waiting::find_oldest_ages(&mut *ctx.db().read().await?, ctx.now()).await?;
    for (status, age) in ages {
        metrics::gauge!("payouts_waiting_age_seconds", "status" => status.as_str()).set(gauge_value(age.max(0)));
    }
    Ok(())
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
