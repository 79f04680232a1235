//! Loads in progress in this process, which callers of the same key and stamp share.

use super::Stamps;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;

type Key = (String, Stamps);
type Loaded = Option<Arc<Vec<u8>>>;

/// Loads in progress.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<Key, watch::Receiver<Loaded>>>>);

/// Part in a load.
pub(super) enum Seat {
    /// The caller loads.
    Leader(Leader),
    /// Another caller loads already, and saw the same stamps.
    Passenger(Passenger),
}

/// The duty to load. Dropped without a result, the others load for themselves.
pub(super) struct Leader {
    flights: Flights,
    key: Key,
    result: watch::Sender<Loaded>,
}

/// A load of another caller.
pub(super) struct Passenger(watch::Receiver<Loaded>);

impl Flights {
    pub(super) fn join(&self, key: String, stamps: Stamps) -> Seat {
        let key = (key, stamps);
        let mut flights = self.0.lock();
        if let Some(result) = flights.get(&key) {
            return Seat::Passenger(Passenger(result.clone()));
        }
        let (result, receiver) = watch::channel(None);
        flights.insert(key.clone(), receiver);
        Seat::Leader(Leader { flights: self.clone(), key, result })
    }
}

impl Leader {
    /// Passes the result to all who wait.
    pub(super) fn finish(self, bytes: Arc<Vec<u8>>) {
        self.result.send_replace(Some(bytes));
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.flights.0.lock().remove(&self.key);
    }
}

impl Passenger {
    /// The result; `None` when the load failed.
    pub(super) async fn wait(mut self) -> Loaded {
        self.0.wait_for(Option::is_some).await.ok().and_then(|loaded| loaded.clone())
    }
}
