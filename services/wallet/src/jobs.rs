//! What runs on a schedule.

use crate::app::{close, seal};
use chassis::Ctx;
use chassis::events::HandleError;
use chassis::jobs::Job;
use std::time::Duration;

pub(crate) fn all() -> Vec<Job> {
    vec![
        Job::every("seal", Duration::from_secs(5), seal_all),
        Job::every("close", Duration::from_secs(60), close_books),
    ]
}

async fn close_books(ctx: Ctx) -> Result<(), HandleError> {
    let now = ctx.now();
    Ok(ctx.tx(async |c| close::close(c, now).await).await?)
}

/// Chunk by chunk, so that no transaction grows with the ledger.
async fn seal_all(ctx: Ctx) -> Result<(), HandleError> {
    loop {
        let now = ctx.now();
        if !ctx.tx(async |c| seal::chunk(c, now).await).await? {
            return Ok(());
        }
    }
}
