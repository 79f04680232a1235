//! Verification of the whole ledger, on connections for long reads.

pub use crate::app::verify::Verification;
use crate::app::verify::VerificationRun;
use crate::app::wallet_check::{self, MAX_WALLETS_LOCKED};
use crate::error::WalletError;
use db::{Db, LongRead};
use futures_util::future::BoxFuture;

/// Verifies the ledger in bounded steps, and returns the connection to the pool after each. Wallets that differ are
/// compared again under their locks.
pub fn verify<'a>(db: &'a Db, long_read: &'a LongRead) -> BoxFuture<'a, Result<Verification, WalletError>> {
    Box::pin(async move {
        let mut run = VerificationRun::default();
        loop {
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
