//! Transactions of SQLite that wait for the connection at the same time share a commit, and nothing else.

use crate::fixture::{Fixture, with_sqlite};
use crate::store::{StoreError, enqueued, id, post, posting};
use db::{Db, DbConnection, DbError, Fault};
use diesel_async::SimpleAsyncConnection;
use futures_util::poll;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Semaphore;

/// As many rows as are committed.
async fn committed(db: &Db) -> i64 {
    enqueued(&mut db.read().await.unwrap()).await.unwrap()
}

async fn row(c: &mut DbConnection) -> Result<(), StoreError> {
    crate::store::enqueue(c, "t", b"x").await?;
    Ok(())
}

/// Holds the turn while the gate has no permit.
async fn first(db: &Db, gate: &Semaphore) -> Result<(), StoreError> {
    db.tx(async |c| {
        row(c).await?;
        drop(gate.acquire().await);
        Ok(())
    })
    .await
}

/// Runs and sees what is committed meanwhile.
async fn later(db: &Db) -> Result<i64, StoreError> {
    db.tx(async |c| {
        row(c).await?;
        Ok(committed(db).await)
    })
    .await
}

async fn in_a_migrated_one(test: impl AsyncFnOnce(Fixture)) {
    with_sqlite(async |f| test(f.migrated().await).await).await;
}

#[tokio::test]
async fn those_that_wait_at_the_same_time_share_a_commit() {
    in_a_migrated_one(async |f| {
        let gate = Semaphore::new(0);
        let (mut one, mut two, mut three) = (pin!(first(&f.db, &gate)), pin!(later(&f.db)), pin!(later(&f.db)));
        assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending() && poll!(&mut three).is_pending());
        gate.add_permits(1);
        let (one, two, three) = tokio::join!(one, two, three);
        one.unwrap();
        assert_eq!((two.unwrap(), three.unwrap()), (0, 0), "nobody has committed before the last one was done");
        assert_eq!(committed(&f.db).await, 3);
        assert_eq!(later(&f.db).await.unwrap(), 3, "one that is alone does not wait for others");
        assert_eq!(committed(&f.db).await, 4);
    })
    .await;
}

#[tokio::test]
async fn one_that_fails_undoes_its_own_work_only() {
    in_a_migrated_one(async |f| {
        let gate = Semaphore::new(0);
        let failing = f.db.tx::<(), StoreError, _>(async |c| {
            row(c).await?;
            Err(StoreError::TooLittle)
        });
        let (mut one, mut two, mut three) = (pin!(first(&f.db, &gate)), pin!(failing), pin!(later(&f.db)));
        assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending() && poll!(&mut three).is_pending());
        gate.add_permits(1);
        let (one, two, three) = tokio::join!(one, two, three);
        one.unwrap();
        assert!(matches!(two, Err(StoreError::TooLittle)));
        assert_eq!(three.unwrap(), 0);
        assert_eq!(committed(&f.db).await, 2);
    })
    .await;
}

#[tokio::test]
async fn one_that_is_dropped_in_the_middle_has_the_others_run_again() {
    in_a_migrated_one(async |f| {
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
            assert!(poll!(&mut dropped).is_pending(), "it is in the middle");
        }
        let (one, two) = tokio::join!(one, two);
        one.unwrap();
        two.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        assert_eq!(committed(&f.db).await, 2, "each once, and nothing of the one that was dropped");
    })
    .await;
}

#[tokio::test]
async fn a_group_whose_members_are_all_dropped_is_committed() {
    in_a_migrated_one(async |f| {
        let gate = Semaphore::new(0);
        {
            let (mut one, mut two) = (pin!(first(&f.db, &gate)), pin!(later(&f.db)));
            assert!(poll!(&mut one).is_pending() && poll!(&mut two).is_pending());
            gate.add_permits(1);
            assert!(poll!(&mut one).is_pending(), "the other one is before it");
        }
        while committed(&f.db).await < 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(later(&f.db).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_fails_is_the_fault_of_one_and_the_others_are_committed() {
    in_a_migrated_one(async |f| {
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
        assert_eq!(two.unwrap_err().fault(), Fault::Data);
        assert_eq!(committed(&f.db).await, 2);
        assert_eq!(later(&f.db).await.unwrap(), 2, "the connection works");
    })
    .await;
}

#[tokio::test]
async fn one_with_a_commit_of_its_own_sees_what_is_committed_only() {
    in_a_migrated_one(async |f| {
        let (gate, runs) = (Semaphore::new(0), AtomicU32::new(0));
        let own = f.db.tx::<i64, StoreError, _>(async |c| {
            runs.fetch_add(1, Ordering::SeqCst);
            c.commit_alone().map_err(DbError::from)?;
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
        assert_eq!(runs.load(Ordering::SeqCst), 2, "the first time it was among the others");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_each_takes_effect_once_or_not_at_all() {
    in_a_migrated_one(async |f| {
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
                    // The runtime may let others run here, and a caller may be gone after it.
                    tokio::task::yield_now().await;
                    if n % 5 == 0 { Err(StoreError::TooLittle) } else { Ok(()) }
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
