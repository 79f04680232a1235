//! Waiting for events of other services to be applied.
//!
//! A read or a decision may depend on another service's event that is milliseconds away. It is repeated when the
//! service's consumer commits, until it no longer fails for that reason or a deadline passes.

use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long a request waits for events in all.
const DEADLINE: Duration = Duration::from_millis(1_500);
/// Another instance of the service may be the one that receives events, so a commit may go unnoticed here.
const RECHECK_INTERVAL: Duration = Duration::from_millis(200);

/// An error that may come from events that are not applied yet.
pub trait MayBeStale {
    /// Whether the same attempt may succeed when more events are applied.
    fn may_be_stale(&self) -> bool;
}

/// Counts the commits of a service's consumer. Clones share the count.
#[derive(Debug, Clone)]
pub struct AppliedEvents(watch::Sender<u64>);

impl Default for AppliedEvents {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl AppliedEvents {
    /// The consumer has committed events.
    pub fn committed(&self) {
        self.0.send_modify(|commits| *commits = commits.wrapping_add(1));
    }

    /// Repeats `attempt` after each commit of the consumer, while its error may be stale and the deadline (1.5 s) has not
    /// passed. `attempt` must hold no connection when it returns.
    pub async fn await_projection<T, E: MayBeStale>(
        &self,
        mut attempt: impl AsyncFnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        let deadline = Instant::now() + DEADLINE;
        let mut commits = self.0.subscribe();
        loop {
            commits.mark_unchanged();
            let refused = match attempt().await {
                Err(refused) if refused.may_be_stale() && Instant::now() < deadline => refused,
                done => return done,
            };
            let recheck_at = (Instant::now() + RECHECK_INTERVAL).min(deadline);
            tokio::select! {
                _ = commits.changed() => {}
                () = sleep_until(recheck_at) => {}
            }
            drop(refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Refused {
        stale: bool,
    }

    impl MayBeStale for Refused {
        fn may_be_stale(&self) -> bool {
            self.stale
        }
    }

    #[tokio::test]
    async fn an_attempt_is_repeated_after_a_commit_and_only_while_its_error_may_be_stale() {
        let applied = AppliedEvents::default();
        let mut attempts = 0;
        let done = applied.await_projection(async || {
            attempts += 1;
            // The commit comes while the attempt runs, so that the next one does not wait for the clock.
            applied.committed();
            if attempts < 50 { Err(Refused { stale: true }) } else { Ok(attempts) }
        });
        assert_eq!(done.await, Ok(50));
        let mut attempts = 0;
        let refused = applied.await_projection(async || {
            attempts += 1;
            Err::<(), _>(Refused { stale: false })
        });
        assert_eq!(refused.await, Err(Refused { stale: false }));
        assert_eq!(attempts, 1);
    }

    #[tokio::test]
    async fn without_commits_the_last_error_is_returned_at_the_deadline() {
        let (applied, mut attempts) = (AppliedEvents::default(), 0);
        let refused = applied.await_projection(async || {
            attempts += 1;
            Err::<(), _>(Refused { stale: true })
        });
        assert_eq!(refused.await, Err(Refused { stale: true }));
        assert!(attempts > 1);
    }
}
