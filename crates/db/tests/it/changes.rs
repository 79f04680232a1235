//! Names of what transactions have changed.

use crate::fixture::Fixture;
use crate::store::{StoreError, account, find, id, insert};
use db::changes::ChangeObserver;
use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Records the names, each time with whether the row that the transaction inserts is visible.
struct Recorder {
    db: db::Db,
    seen: Mutex<Vec<(Vec<&'static str>, bool)>>,
    recorded: Notify,
}

impl ChangeObserver for Recorder {
    fn changed<'a>(&'a self, names: &'a [&'static str]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let is_visible = find(&mut self.db.read().await.unwrap(), id(1)).await.unwrap().is_some();
            self.seen.lock().unwrap().push((names.to_vec(), is_visible));
            self.recorded.notify_one();
        })
    }
}

pub(crate) async fn an_observer_learns_the_names_after_the_commit_and_none_of_a_rollback(f: Fixture) {
    let f = f.migrated().await;
    let recorder = Arc::new(Recorder { db: f.db.clone(), seen: Mutex::default(), recorded: Notify::new() });
    assert!(f.db.observe_changes(Arc::<Recorder>::clone(&recorder)));
    assert!(!f.db.observe_changes(Arc::<Recorder>::clone(&recorder)), "there is one");
    let seen = || std::mem::take(&mut *recorder.seen.lock().unwrap());
    let failed = f.db.tx(async |c| {
        c.mark_changed("a");
        insert(c, &account(1, "asha", 1)).await?;
        Err::<(), StoreError>(StoreError::InsufficientBalance)
    });
    assert!(failed.await.is_err());
    f.db.tx::<(), StoreError, _>(async |_| Ok(())).await.unwrap();
    assert_eq!(seen(), []);
    f.db.tx::<_, StoreError, _>(async |c| {
        c.mark_changed("a");
        c.mark_changed("b");
        c.mark_changed("a");
        insert(c, &account(1, "asha", 1)).await?;
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(seen(), [(vec!["a", "b"], true)]);
    f.db.tx::<(), StoreError, _>(async |_| Ok(())).await.unwrap();
    assert_eq!(seen(), [], "a later transaction on the same connection");
}

pub(crate) async fn an_observer_learns_of_a_transaction_whose_caller_is_gone(f: Fixture) {
    let f = f.migrated().await;
    let recorder = Arc::new(Recorder { db: f.db.clone(), seen: Mutex::default(), recorded: Notify::new() });
    assert!(f.db.observe_changes(Arc::<Recorder>::clone(&recorder)));
    // Dropped at each point at which it waits, until it ends by itself.
    for polls in 1.. {
        let work = f.db.tx::<_, StoreError, _>(async |c| {
            c.mark_changed("a");
            if find(c, id(1)).await?.is_none() {
                insert(c, &account(1, "asha", 1)).await?;
            }
            Ok(())
        });
        let mut work = Box::pin(work);
        let mut count = 0;
        let ended = std::future::poll_fn(|cx| {
            count += 1;
            match work.as_mut().poll(cx) {
                std::task::Poll::Ready(_) => std::task::Poll::Ready(true),
                std::task::Poll::Pending if count == polls => std::task::Poll::Ready(false),
                std::task::Poll::Pending => std::task::Poll::Pending,
            }
        });
        let ended = ended.await;
        drop(work);
        let is_stored = find(&mut f.db.read().await.unwrap(), id(1)).await.unwrap().is_some();
        if is_stored && recorder.seen.lock().unwrap().is_empty() {
            recorder.recorded.notified().await;
        }
        if ended {
            return;
        }
    }
}
