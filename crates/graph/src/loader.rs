//! One read for the fields of all rows of a list.

use crate::call::{problem_error, run};
use crate::part::{ReadAll, State};
use async_graphql::Error;
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The values of the keys of one round, or why they could not be read.
type Values = Result<HashMap<String, Value>, Error>;

/// Keys that are read together.
#[derive(Default)]
struct Round {
    /// `None` once the read has begun.
    keys: Mutex<Option<BTreeSet<String>>>,
    values: OnceCell<Values>,
}

/// Collects the keys that the rows of a list ask for, and reads their values at once.
pub(crate) struct Loader {
    read: ReadAll,
    state: State,
    request_id: String,
    current: Mutex<Arc<Round>>,
}

impl Loader {
    pub(crate) fn new(read: ReadAll, state: State, request_id: String) -> Self {
        Self { read, state, request_id, current: Mutex::default() }
    }

    /// The value of a key; `None` where there is none.
    pub(crate) async fn load(&self, key: String) -> Result<Option<Value>, Error> {
        let round = self.join(&key);
        // The other rows ask before the first one goes on.
        tokio::task::yield_now().await;
        let values = round.values.get_or_init(|| self.read(&round)).await;
        values.as_ref().map(|values| values.get(&key).cloned()).map_err(Clone::clone)
    }

    /// Adds the key to the round that has not begun, or to a new one.
    fn join(&self, key: &str) -> Arc<Round> {
        let mut current = self.current.lock();
        if let Some(keys) = current.keys.lock().as_mut() {
            keys.insert(key.to_owned());
            return Arc::clone(&current);
        }
        *current =
            Arc::new(Round { keys: Mutex::new(Some(BTreeSet::from([key.to_owned()]))), values: OnceCell::new() });
        Arc::clone(&current)
    }

    async fn read(&self, round: &Round) -> Values {
        let keys = round.keys.lock().take().unwrap_or_default();
        let (read, state) = (Arc::clone(&self.read), Arc::clone(&self.state));
        let values = run(move || read(state, keys.into_iter().collect())).await;
        values.map_err(|problem| problem_error(&problem, &self.request_id))
    }
}
