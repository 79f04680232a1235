//! Verification of the whole ledger, on connections for long reads.

pub use crate::app::verify::Verification;
use crate::app::verify::VerificationRun;
use crate::app::wallet_check::{self, MAX_WALLETS_LOCKED};
use crate::error::WalletError;
use db::{Db, LongRead};
use futures_util::future::BoxFuture;
use long_tasks::{TaskInput, TaskKind};
use runtime::Progress;
use runtime::jobs::JobError;
use serde_json::Value;

/// A verification as a long task.
pub const LEDGER_VERIFICATION: TaskKind = TaskKind {
    name: "ledger_verification",
    busy_code: "wallet.verifying",
    in_own_process: false,
    run: |input| Box::pin(run_task(input)),
};

async fn run_task(input: TaskInput<'_>) -> Result<Value, JobError> {
    let report = verify(input.db, &input.long_read, input.progress).await?;
    Ok(serde_json::to_value(report)?)
}

/// Verifies the ledger in bounded steps, and returns the connection to the pool after each. Wallets that differ are
/// compared again under their locks.
pub fn verify<'a>(
    db: &'a Db,
    long_read: &'a LongRead,
    progress: &'a Progress,
) -> BoxFuture<'a, Result<Verification, WalletError>> {
    Box::pin(async move {
        let mut run = VerificationRun::default();
        loop {
            let (done, stages) = run.stages();
            progress.set(done, stages);
            let mut c = long_read.connection().await?;
            let more = run.step(&mut c).await?;
            drop(c);
            if !more {
                break;
            }
        }
        for suspects in run.suspects().to_vec().chunks(MAX_WALLETS_LOCKED) {
            if run.is_full() {
                break;
            }
            let confirmed = db.tx(async |c| wallet_check::confirm(c, suspects).await).await?;
            run.add(confirmed);
        }
        Ok(run.finish())
    })
}
