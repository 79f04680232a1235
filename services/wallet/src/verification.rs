//! A verification of the whole ledger, on connections for long reads.

use crate::app::figures::{self, CONFIRMED_AT_ONCE};
use crate::app::verify::Run;
pub use crate::app::verify::Verification;
use crate::error::WalletError;
use db::{Db, LongRead};

/// Reads everything in bounded steps, and gives the connection back after each.
pub async fn verify(db: &Db, turn: &LongRead) -> Result<Verification, WalletError> {
    let mut run = Run::default();
    loop {
        let mut c = turn.connection().await?;
        let more = run.step(&mut c).await?;
        drop(c);
        if !more {
            break;
        }
    }
    for suspects in run.suspects().to_vec().chunks(CONFIRMED_AT_ONCE) {
        if run.is_full() {
            break;
        }
        let confirmed = db.tx(async |c| figures::confirm(c, suspects).await).await?;
        run.add(confirmed);
    }
    Ok(run.finish())
}
