//! Scheduled jobs: sealing, rollup, closings.

use crate::app::{close, epoch, rollup, seal};
use crate::domain::Epoch;
use crate::error::WalletError;
use metrics::gauge;
use runtime::Ctx;
use runtime::jobs::{Job, JobError};
use runtime::telemetry::gauge_value;
use std::time::Duration;

/// All jobs of the service.
pub(crate) fn all() -> Vec<Job> {
    vec![
        Job::every("seal", Duration::from_secs(5), seal_and_report),
        Job::every("rollup", Duration::from_secs(5), roll_up),
        Job::every("totals", Duration::from_secs(60), report_totals),
        Job::every("close", Duration::from_secs(60), save_closing),
    ]
}

/// The newest settled epoch, after beginning or settling another one if due.
async fn settled_epoch(ctx: &Ctx) -> Result<Epoch, WalletError> {
    let now = ctx.now();
    let mut c = ctx.db().read().await?;
    let due = epoch::find_due(&mut c, now).await?;
    drop(c);
    if let Some(next) = due.next {
        ctx.db().tx(async |c| epoch::begin(c, next).await).await?;
    }
    if due.next.is_some() || due.unsettled {
        ctx.db().tx(async |c| epoch::settle_newest(c).await).await?;
    }
    let mut c = ctx.db().read().await?;
    epoch::load_settled(&mut c).await
}

/// Adds up and saves a closing. The totals are read step by step outside the transaction that saves them, which is safe
/// because postings until a settled boundary are final. Closings are permanent, so they are not read from a replica.
async fn save_closing(ctx: Ctx) -> Result<(), JobError> {
    let settled = settled_epoch(&ctx).await?;
    let mut c = ctx.db().read().await.map_err(WalletError::from)?;
    let closing = close::begin(&mut c, &settled).await?;
    drop(c);
    let Some(mut closing) = closing else { return Ok(()) };
    loop {
        let mut c = ctx.db().read().await.map_err(WalletError::from)?;
        if !close::add_next_postings(&mut c, &mut closing).await? {
            break;
        }
    }
    let closing = &closing;
    ctx.db().tx(async |c| close::save(c, closing).await).await?;
    Ok(())
}

/// Seals all settled entries, and reports what is left.
async fn seal_and_report(ctx: Ctx) -> Result<(), JobError> {
    seal_all(&ctx).await?;
    let mut c = ctx.db().read().await.map_err(WalletError::from)?;
    let age = seal::oldest_unsealed_secs(&mut c, ctx.now()).await?;
    gauge!("ledger_unsealed_age_seconds").set(gauge_value(age.max(0)));
    Ok(())
}

/// Seals all settled entries, chunk by chunk, so that no transaction grows with the ledger.
async fn seal_all(ctx: &Ctx) -> Result<(), JobError> {
    let settled = settled_epoch(ctx).await?;
    loop {
        let now = ctx.now();
        let mut c = ctx.db().read().await.map_err(WalletError::from)?;
        let chunk = seal::load_next_chunk(&mut c, &settled, now).await?;
        drop(c);
        let Some(chunk) = &chunk else { return Ok(()) };
        if !ctx.db().tx(async |c| seal::save_chunk(c, chunk).await).await? {
            return Ok(());
        }
    }
}

/// Reports the difference of the trial balance, and what members owe.
async fn report_totals(ctx: Ctx) -> Result<(), JobError> {
    let mut c = ctx.db().read().await.map_err(WalletError::from)?;
    let (imbalance, due) = rollup::find_imbalance_and_due(&mut c).await?;
    gauge!("ledger_imbalance_paise").set(i32::try_from(imbalance.paise()).unwrap_or(i32::MAX));
    gauge!("ledger_clawback_due_rupees").set(i32::try_from(due.paise() / 100).unwrap_or(i32::MAX));
    Ok(())
}

/// Adds all settled postings to the rollup, step by step, so that no statement grows with the ledger.
async fn roll_up(ctx: Ctx) -> Result<(), JobError> {
    let settled = settled_epoch(&ctx).await?;
    loop {
        let mut c = ctx.db().read().await.map_err(WalletError::from)?;
        let step = rollup::load_next_step(&mut c, &settled).await?;
        drop(c);
        let Some(step) = &step else { return Ok(()) };
        if !ctx.db().tx(async |c| rollup::save_step(c, step).await).await? {
            return Ok(());
        }
    }
}
