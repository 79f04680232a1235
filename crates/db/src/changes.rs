//! Names of what transactions have changed, for the owner of copies of it.
//!
//! A store function marks what it changes ([`DbConnection::mark_changed`](crate::DbConnection::mark_changed)), so that
//! no use case can forget it. The observer is called when the transaction has ended, before its caller goes on; also
//! when the outcome of the commit is not known, and when the caller is cancelled in between.

use futures_util::future::BoxFuture;
use std::sync::{Arc, OnceLock};
use tokio::runtime::Handle;

/// Is informed of what transactions have changed.
pub trait ChangeObserver: Send + Sync + 'static {
    /// These may have changed.
    fn changed<'a>(&'a self, names: &'a [&'static str]) -> BoxFuture<'a, ()>;
}

/// The observer of a database, if there is one.
pub(crate) type Observer = Arc<OnceLock<Arc<dyn ChangeObserver>>>;

/// What one transaction has changed. Dropped before [`Changes::publish`] has ended, it informs the observer later.
pub(crate) struct Changes {
    names: Vec<&'static str>,
    observer: Observer,
}

impl Changes {
    pub(crate) fn new(names: Vec<&'static str>, observer: &Observer) -> Self {
        Self { names, observer: Arc::clone(observer) }
    }

    /// Informs the observer.
    pub(crate) async fn publish(mut self) {
        if self.names.is_empty() {
            return;
        }
        if let Some(observer) = self.observer.get() {
            observer.changed(&self.names).await;
        }
        self.names.clear();
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        let (Some(observer), Ok(runtime)) = (self.observer.get(), Handle::try_current()) else { return };
        if !self.names.is_empty() {
            let (observer, names) = (Arc::clone(observer), std::mem::take(&mut self.names));
            runtime.spawn(async move { observer.changed(&names).await });
        }
    }
}
