//! Names of what transactions have changed, for the owner of copies of it.
//!
//! A store function marks what it changes ([`DbConnection::mark_changed`](crate::DbConnection::mark_changed)), so that
//! no use case can forget it. The observer is called when the commit has ended, before the caller of the transaction goes
//! on; also when the outcome of the commit is not known, and when the caller is gone meanwhile.

use crate::error::DbError;
use crate::transaction::TransactionOutcome;
use diesel::result::Error;
use futures_util::future::BoxFuture;
use std::sync::{Arc, OnceLock};

/// Is informed of what transactions have changed.
pub trait ChangeObserver: Send + Sync + 'static {
    /// These may have changed.
    fn changed<'a>(&'a self, names: &'a [&'static str]) -> BoxFuture<'a, ()>;
}

/// The observer of a database, if there is one.
pub(crate) type Observer = Arc<OnceLock<Arc<dyn ChangeObserver>>>;

/// Commits, and informs the observer of what the transaction has changed.
pub(crate) async fn commit(
    commit: BoxFuture<'static, TransactionOutcome>,
    names: Vec<&'static str>,
    observer: &Observer,
) -> TransactionOutcome {
    let Some(observer) = observer.get().filter(|_| !names.is_empty()).map(Arc::clone) else { return commit.await };
    // A task of its own goes on when the caller is cancelled: a commit may take effect after that.
    let committing = tokio::spawn(async move {
        let outcome = commit.await;
        observer.changed(&names).await;
        outcome
    });
    committing.await.unwrap_or(TransactionOutcome::Failed(DbError::Query(Error::BrokenTransactionManager)))
}
