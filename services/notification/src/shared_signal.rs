//! Signals to the streams of every process, through publish and subscribe of the shared cache, and ended sessions.
//!
//! Both may be lost: streams also poll for notifications and for ended sessions, and clients read again when they
//! reconnect.

use crate::signal::{MemberSignal, NotificationSignal, Signals};
use crate::streams::OpenStreams;
use auth_token::revocation::REVOKED_CHANNEL;
use domain::UserId;
use runtime::backoff::Backoff;
use runtime::cache::{Cache, CacheDown};
use runtime::id;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Weak};
use std::time::Duration;
use uuid::Uuid;

/// Channel of the cache for signals.
const SIGNALS_CHANNEL: &str = "notification:signals";
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LONGEST_RETRY: Duration = Duration::from_secs(10);

/// Signals of one process to the others.
#[derive(Serialize, Deserialize)]
struct PublishedSignals {
    /// The process, which has woken its own streams already.
    from: Uuid,
    signals: Vec<(UserId, MemberSignal)>,
}

/// Signals to the streams of this process, and through the cache to those of the others.
pub(crate) struct SharedSignal {
    process: Uuid,
    streams: Arc<OpenStreams>,
    cache: Arc<dyn Cache>,
}

impl SharedSignal {
    /// Begins to receive the signals of other processes, until `streams` is dropped.
    pub(crate) fn start(streams: &Arc<OpenStreams>, cache: &Arc<dyn Cache>) -> Self {
        let process = id::fresh();
        let wake = move |streams: &OpenStreams, message: &[u8]| {
            match serde_json::from_slice::<PublishedSignals>(message) {
                Ok(published) if published.from == process => {}
                Ok(published) => streams.wake(&published.signals.into_iter().collect()),
                // A newer version may publish what this one cannot read.
                Err(_) => streams.wake_all(),
            }
        };
        tokio::spawn(receive(Arc::downgrade(streams), Arc::clone(cache), SIGNALS_CHANNEL, wake));
        let end = |streams: &OpenStreams, message: &[u8]| {
            if let Ok(session) = Uuid::from_slice(message) {
                streams.end_session(session);
            }
        };
        tokio::spawn(receive(Arc::downgrade(streams), Arc::clone(cache), REVOKED_CHANNEL, end));
        Self { process, streams: Arc::clone(streams), cache: Arc::clone(cache) }
    }
}

#[async_trait::async_trait]
impl NotificationSignal for SharedSignal {
    async fn announce(&self, signals: &Signals) {
        self.streams.wake(signals);
        if signals.is_empty() {
            return;
        }
        let signals = signals.iter().map(|(user, signal)| (*user, signal.clone())).collect();
        let Ok(message) = serde_json::to_vec(&PublishedSignals { from: self.process, signals }) else { return };
        let cache = Arc::clone(&self.cache);
        // The consumer does not wait for the network.
        tokio::spawn(async move {
            if let Err(error) = cache.publish(SIGNALS_CHANNEL, &message).await {
                tracing::debug!(%error, "signals not published; streams of other processes poll");
            }
        });
    }
}

/// Passes the messages of a channel to the streams. After each interruption every stream looks by itself.
async fn receive(
    streams: Weak<OpenStreams>,
    cache: Arc<dyn Cache>,
    channel: &'static str,
    apply: impl Fn(&OpenStreams, &[u8]),
) {
    let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY).with_jitter(FIRST_RETRY);
    loop {
        let error = receive_until_lost(&streams, &*cache, channel, &apply, &mut backoff).await;
        let Some(streams) = streams.upgrade() else { return };
        if channel == REVOKED_CHANNEL {
            streams.set_ends_pushed(false);
        }
        if backoff.is_fresh() {
            tracing::warn!(%error, channel, "signals of other processes are lost; streams poll");
        }
        drop(streams);
        tokio::time::sleep(backoff.next_wait()).await;
    }
}

async fn receive_until_lost(
    streams: &Weak<OpenStreams>,
    cache: &dyn Cache,
    channel: &str,
    apply: &impl Fn(&OpenStreams, &[u8]),
    backoff: &mut Backoff,
) -> CacheDown {
    let mut subscription = match cache.subscribe(channel).await {
        Ok(subscription) => subscription,
        Err(error) => return error,
    };
    backoff.reset();
    let ended = || CacheDown("the service has stopped".into());
    {
        let Some(streams) = streams.upgrade() else { return ended() };
        if channel == REVOKED_CHANNEL {
            streams.set_ends_pushed(true);
        }
        streams.wake_all();
    }
    loop {
        match subscription.next().await {
            Ok(message) => match streams.upgrade() {
                Some(streams) => apply(&streams, &message),
                None => return ended(),
            },
            Err(error) => return error,
        }
    }
}
