//! Wakes the open streams of this process: whose notifications have changed, once that is committed.

use domain::UserId;
use std::mem::take;
use std::sync::Mutex;
use tokio::sync::broadcast;

/// Wakings a stream may be behind; one that is further behind looks anyway.
const BEHIND: usize = 256;

pub(crate) struct Bell {
    rope: broadcast::Sender<UserId>,
    /// Told something in a transaction that is not known to be committed.
    told: Mutex<Vec<UserId>>,
}

impl Default for Bell {
    fn default() -> Self {
        Self { rope: broadcast::Sender::new(BEHIND), told: Mutex::default() }
    }
}

impl Bell {
    pub(crate) fn listen(&self) -> broadcast::Receiver<UserId> {
        self.rope.subscribe()
    }
    /// Notes who is to be woken. A transaction that fails leaves a needless waking behind, no more.
    pub(crate) fn told(&self, user: UserId) {
        if let Ok(mut told) = self.told.lock() {
            told.push(user);
        }
    }
    pub(crate) fn ring(&self) {
        let told = self.told.lock().map(|mut told| take(&mut *told)).unwrap_or_default();
        for user in told {
            // Nobody listening is no error.
            let _listeners = self.rope.send(user);
        }
    }
}
