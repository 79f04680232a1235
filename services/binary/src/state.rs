//! What handlers, consumer and jobs work with.

use crate::app::keeper::Keeper;
use crate::config::Config;
use chassis::Ctx;
use chassis::http::Problem;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

#[derive(Clone)]
pub struct Binary {
    pub ctx: Ctx,
    pub config: Config,
    pub keeper: Arc<Keeper>,
    pub replays: Replays,
}

/// Seconds after which somebody who was sent away may ask again.
const RETRY_AFTER_SECS: u64 = 30;

/// Replays of the whole journal: one at a time, because each holds a tree of its own.
#[derive(Clone, Default)]
pub struct Replays(Arc<Mutex<()>>);

impl Replays {
    /// Begins a replay; 429 while another runs. Ask for a connection after it.
    pub fn begin(&self) -> Result<OwnedMutexGuard<()>, Problem> {
        let busy = |_| {
            let detail = "another verification or simulation is running; try again when it is done";
            Problem::too_many("binary.replay_running", detail, RETRY_AFTER_SECS)
        };
        Arc::clone(&self.0).try_lock_owned().map_err(busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_replay_is_sent_away_until_the_first_is_done() {
        let replays = Replays::default();
        let first = replays.begin().expect("free");
        for _ in 0..2 {
            let busy = replays.clone().begin().expect_err("taken");
            assert_eq!(
                (busy.status.as_u16(), busy.code, busy.retry_after_secs()),
                (429, "binary.replay_running", Some(30))
            );
        }
        drop(first);
        drop(replays.begin().expect("free again"));
    }
}
