//! What runs on a schedule.

use crate::app::{close, epoch, rollup, seal};
use crate::domain::Epoch;
use crate::error::WalletError;
use chassis::Ctx;
use chassis::events::HandleError;
use chassis::jobs::Job;
use std::time::Duration;

pub(crate) fn all() -> Vec<Job> {
    vec![
        Job::every("seal", Duration::from_secs(5), seal_all),
        Job::every("rollup", Duration::from_secs(5), roll_up),
        Job::every("close", Duration::from_secs(60), close_books),
    ]
}

/// The newest boundary all whose earlier postings have ended, after an attempt to move it on.
async fn settled(ctx: &Ctx) -> Result<Epoch, WalletError> {
    let now = ctx.now();
    let mut c = ctx.db().read().await?;
    let due = epoch::due(&mut c, now).await?;
    drop(c);
    if let Some(next) = due.next {
        ctx.db().tx(async |c| epoch::begin(c, next).await).await?;
    }
    if due.next.is_some() || due.unsettled {
        ctx.db().tx(async |c| epoch::settle(c).await).await?;
    }
    let mut c = ctx.db().read().await?;
    epoch::settled(&mut c).await
}

/// The totals are read step by step outside the transaction that saves them: until a settled boundary they never
/// change. A closing is kept for ever, so none of it comes from a replica, as a long read would.
async fn close_books(ctx: Ctx) -> Result<(), HandleError> {
    let settled = settled(&ctx).await?;
    let mut c = ctx.db().read().await.map_err(WalletError::from)?;
    let closing = close::begin(&mut c, &settled).await?;
    drop(c);
    let Some(mut closing) = closing else { return Ok(()) };
    loop {
        let mut c = ctx.db().read().await.map_err(WalletError::from)?;
        if !close::add(&mut c, &mut closing).await? {
            break;
        }
    }
    let closing = &closing;
    ctx.db().tx(async |c| close::save(c, closing).await).await?;
    Ok(())
}

/// Chunk by chunk, so that no transaction grows with the ledger.
async fn seal_all(ctx: Ctx) -> Result<(), HandleError> {
    let settled = settled(&ctx).await?;
    loop {
        let now = ctx.now();
        let mut c = ctx.db().read().await.map_err(WalletError::from)?;
        let chunk = seal::read(&mut c, &settled, now).await?;
        drop(c);
        let Some(chunk) = &chunk else { return Ok(()) };
        if !ctx.db().tx(async |c| seal::save(c, chunk).await).await? {
            return Ok(());
        }
    }
}

/// Step by step, so that no statement grows with the ledger.
async fn roll_up(ctx: Ctx) -> Result<(), HandleError> {
    let settled = settled(&ctx).await?;
    loop {
        let mut c = ctx.db().read().await.map_err(WalletError::from)?;
        let step = rollup::read(&mut c, &settled).await?;
        drop(c);
        let Some(step) = &step else { return Ok(()) };
        if !ctx.db().tx(async |c| rollup::save(c, step).await).await? {
            return Ok(());
        }
    }
}
