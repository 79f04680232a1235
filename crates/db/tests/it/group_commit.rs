//! Group commit of SQLite transactions.

use crate::fixture::{Fixture, with_sqlite};
use crate::store::{StoreError, enqueued, id, post, posting};
use db::{Db, DbConnection, DbError, ErrorClass};
use diesel_async::SimpleAsyncConnection;
use futures_util::poll;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Number of committed rows.
async fn committed(db: &Db) -> i64 {
    enqueued(&mut db.read().await.unwrap()).await.unwrap()
}

async fn row(c: &mut DbConnection) -> Result<(), StoreError> {
    crate::store::enqueue(c, "t", b"x").await?;
    Ok(())
}

/// Runs a transaction that stays open until the gate has a permit.
async fn first(db: &Db, gate: &Semaphore) -> Result<(), StoreError> {
    db.tx(async |c| {
        row(c).await?;
        drop(gate.acquire().await);
        Ok(())
    })
    .await
}

/// Runs a transaction and returns the number of rows committed before it ended.
async fn later(db: &Db) -> Result<i64, StoreError> {
    db.tx(async |c| {
        row(c).await?;
        Ok(committed(db).await)
    })
    .await
}

async fn with_migrated(test: impl AsyncFnOnce(Fixture)) {
    with_sqlite(async |f| test(f.migrated().await).await).await;
}

#[tokio::test]
async fn transactions_that_wait_at_the_same_time_share_a_commit() {
    with_migrated(async |f| {
        let gate = Semaphore::new(0);
        let (mut one, mut two, mut three) = (pin!(first(&f.db, &gate)), pin!(later(&f.db)), pin!(later(&f.db)));
        assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending() && poll!(&mut three).is_pending());
        gate.add_permits(1);
        let (one, two, three) = tokio::join!(one, two, three);
        one.unwrap();
        assert_eq!((two.unwrap(), three.unwrap()), (0, 0), "a member committed before the last one had finished");
        assert_eq!(committed(&f.db).await, 3);
        assert_eq!(later(&f.db).await.unwrap(), 3, "a single transaction does not wait for others");
        assert_eq!(committed(&f.db).await, 4);
    })
    .await;
}

#[tokio::test]
async fn a_failing_member_rolls_back_only_its_own_work() {
    with_migrated(async |f| {
        let gate = Semaphore::new(0);
        let failing = f.db.tx::<(), StoreError, _>(async |c| {
            row(c).await?;
            Err(StoreError::InsufficientBalance)
        });
        let (mut one, mut two, mut three) = (pin!(first(&f.db, &gate)), pin!(failing), pin!(later(&f.db)));
        assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending() && poll!(&mut three).is_pending());
        gate.add_permits(1);
        let (one, two, three) = tokio::join!(one, two, three);
        one.unwrap();
        assert!(matches!(two, Err(StoreError::InsufficientBalance)));
        assert_eq!(three.unwrap(), 0);
        assert_eq!(committed(&f.db).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_member_dropped_while_running_makes_the_others_run_again() {
    with_migrated(async |f| {
        let (gate, runs) = (Semaphore::new(0), AtomicU32::new(0));
        let counting = f.db.tx::<(), StoreError, _>(async |c| {
            runs.fetch_add(1, Ordering::SeqCst);
            row(c).await
        });
        let (mut one, mut two) = (pin!(first(&f.db, &gate)), pin!(counting));
        {
            let never = Semaphore::new(0);
            let mut dropped = pin!(first(&f.db, &never));
            assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending() && poll!(&mut dropped).is_pending());
            gate.add_permits(1);
            assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending());
            assert_eq!(runs.load(Ordering::SeqCst), 1);
            assert!(poll!(&mut dropped).is_pending(), "it is still running");
        }
        let (one, two) = tokio::join!(one, two);
        one.unwrap();
        two.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        assert_eq!(committed(&f.db).await, 2, "one row of each, and none of the dropped member");
    })
    .await;
}

#[tokio::test]
async fn a_group_whose_members_are_all_dropped_is_committed() {
    with_migrated(async |f| {
        let gate = Semaphore::new(0);
        {
            let (mut one, mut two) = (pin!(first(&f.db, &gate)), pin!(later(&f.db)));
            assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending());
            gate.add_permits(1);
            assert!(poll!(&mut one).is_pending(), "the other one goes first");
        }
        while committed(&f.db).await < 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(later(&f.db).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_failed_group_commit_fails_only_the_member_that_caused_it() {
    with_migrated(async |f| {
        let table = "CREATE TABLE promises (id INTEGER PRIMARY KEY, \
                     of INTEGER REFERENCES promises (id) DEFERRABLE INITIALLY DEFERRED)";
        f.db.write().await.unwrap().batch_execute(table).await.unwrap();
        let gate = Semaphore::new(0);
        let broken = f.db.tx::<(), DbError, _>(async |c| {
            row(c).await.map_err(|e| DbError::Migration(e.to_string()))?;
            Ok(c.batch_execute("INSERT INTO promises VALUES (1, 2)").await?)
        });
        let (mut one, mut two, mut three) = (pin!(first(&f.db, &gate)), pin!(broken), pin!(later(&f.db)));
        assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending() && poll!(&mut three).is_pending());
        gate.add_permits(1);
        let (one, two, three) = tokio::join!(one, two, three);
        one.unwrap();
        three.unwrap();
        assert_eq!(two.unwrap_err().class(), ErrorClass::Data);
        assert_eq!(committed(&f.db).await, 2);
        assert_eq!(later(&f.db).await.unwrap(), 2, "the connection works");
    })
    .await;
}

#[tokio::test]
async fn a_member_that_requires_its_own_commit_sees_only_committed_rows() {
    with_migrated(async |f| {
        let (gate, runs) = (Semaphore::new(0), AtomicU32::new(0));
        let own = f.db.tx::<i64, StoreError, _>(async |c| {
            runs.fetch_add(1, Ordering::SeqCst);
            c.require_own_commit().map_err(DbError::from)?;
            let inside: i64 = enqueued(c).await?;
            let outside = committed(&f.db).await;
            assert_eq!(inside, outside);
            row(c).await?;
            Ok(outside)
        });
        let (mut one, mut two, mut three) = (pin!(first(&f.db, &gate)), pin!(own), pin!(later(&f.db)));
        assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending() && poll!(&mut three).is_pending());
        gate.add_permits(1);
        let (one, two, three) = tokio::join!(one, two, three);
        one.unwrap();
        assert_eq!((two.unwrap(), three.unwrap()), (2, 1));
        assert_eq!(runs.load(Ordering::SeqCst), 2, "the first run shared the group");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_each_transaction_takes_effect_at_most_once() {
    with_migrated(async |f| {
        f.db.tx::<_, StoreError, _>(async |c| {
            crate::store::insert(c, &crate::store::account(1, "asha", 0)).await?;
            Ok(())
        })
        .await
        .unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..400_i64 {
            let db = f.db.clone();
            tasks.spawn(async move {
                let work = db.tx::<_, StoreError, _>(async |c| {
                    assert!(post(c, &posting(id(1), 1, &n.to_string())).await?);
                    // Lets other tasks run, and lets the caller drop the transaction.
                    tokio::task::yield_now().await;
                    if n % 5 == 0 { Err(StoreError::InsufficientBalance) } else { Ok(()) }
                });
                if n % 7 == 0 {
                    let mut work = pin!(work);
                    for _ in 0..n % 4 {
                        if let Poll::Ready(done) = poll!(&mut work) {
                            return Some(done.is_ok());
                        }
                        tokio::task::yield_now().await;
                    }
                    return None;
                }
                Some(work.await.is_ok())
            });
        }
        let outcomes = tasks.join_all().await;
        let done = outcomes.iter().filter(|o| **o == Some(true)).count();
        let dropped = outcomes.iter().filter(|o| o.is_none()).count();
        let (_, found) = crate::store::posted(&mut f.db.read().await.unwrap(), id(1)).await.unwrap();
        let found = usize::try_from(found).unwrap();
        assert!(
            done > 200 && (done..=done + dropped).contains(&found),
            "{done} done, {dropped} dropped, {found} found"
        );
    })
    .await;
}
